"""/operator/figures and /metrics: counts in which no few people show."""

from web.figures.csv_export import csv_of
from web.figures.daily import sum_of
from web.figures.metrics import metrics_page
from web.figures.page import figures_pages
from web.figures.spending import Costs, Price
from web.figures.store import Day, FigureStore

__all__ = [
    "Costs",
    "Day",
    "FigureStore",
    "Price",
    "csv_of",
    "figures_pages",
    "metrics_page",
    "sum_of",
]
