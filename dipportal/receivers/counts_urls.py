from django.urls import path

from dipportal.receivers import counting, counts, keys, links, production_sales, sales

urlpatterns = [
    path("", counts.counts, name="counts"),
    path("verkoop/", sales.sales, name="sales"),
    path("verkoop/<str:what>.<str:kind>", sales.sales_file, name="sales_file"),
    path("verkoop/<int:pk>/", production_sales.production_sales, name="production_sales"),
    path("verkoop/<int:pk>/kaartstanden.<str:kind>", production_sales.file, name="production_sales_file"),
    path("<int:pk>/", counts.count, name="count"),
    path("<int:pk>/opnieuw/", counts.count_retry, name="count_retry"),
    path("<int:pk>/ontkoppelen/", links.unlink, name="unlink"),
    path("koppelen/", links.links, name="links"),
    path("systeem/", keys.ticketing_keys, name="ticketing_keys"),
    path("systeem/<int:pk>/intrekken/", keys.ticketing_key_revoke, name="ticketing_key_revoke"),
    path("instellingen/", counting.counting, name="counting"),
]
