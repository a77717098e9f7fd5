"""/operator/figures and /metrics: counts in which no few people show."""

from web.figures.csv_export import sheet
from web.figures.daily import added
from web.figures.metrics import metrics_page
from web.figures.page import Price, figures_pages
from web.figures.store import Day, Figures

__all__ = [
    "Day",
    "Figures",
    "Price",
    "added",
    "figures_pages",
    "metrics_page",
    "sheet",
]
