"""No domain words here: environment, money and dates, forms, errors, lists, checks, template tags."""
