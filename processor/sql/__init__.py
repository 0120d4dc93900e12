"""The SQL models, rendered from the contract: bronze as it is written, silver without duplicates, gold by hour.

One canonical model (`models`), spelt for three engines (`dialects`). What BigQuery is told as data stands in
`bigquery`.
"""

from processor.sql.dialects import Dialect, Since
from processor.sql.models import (
    FAST_CLOCK_DAYS,
    REPEATED_WITHIN_DAYS,
    Source,
    bronze_ddl,
    gold_ddl,
    gold_refresh,
    gold_select,
    silver_ddl,
    silver_expire,
    silver_refresh,
    silver_select,
    silver_vacuum,
)

__all__ = [
    "FAST_CLOCK_DAYS",
    "REPEATED_WITHIN_DAYS",
    "Dialect",
    "Since",
    "Source",
    "bronze_ddl",
    "gold_ddl",
    "gold_refresh",
    "gold_select",
    "silver_ddl",
    "silver_expire",
    "silver_refresh",
    "silver_select",
    "silver_vacuum",
]
