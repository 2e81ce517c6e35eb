from dipportal.organisations import pages
from dipportal.organisations.enums import Side

urlpatterns = pages.urls(Side.RECEIVER)
