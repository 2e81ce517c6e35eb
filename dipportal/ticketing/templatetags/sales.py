"""The rows of the sales monitor, as tags: `{% sales_rows rows moving place producers=several %}`."""

from django import template

from dipportal.ticketing import sales_rows

register = template.Library()
register.simple_tag(sales_rows.productions, name="sales_rows")
