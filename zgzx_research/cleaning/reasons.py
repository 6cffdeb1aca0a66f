"""Why a row left or a value was not taken: every code of the quarantine in one place.

Codes that begin with `value_` concern one cell: the value is null, or was repaired, and the row
stays unless the column is one it cannot do without. The wording for readers (zh, en) is the
report's.
"""

from __future__ import annotations

# rows that left
DUPLICATE_ROW = "duplicate_row"
DUPLICATE_APPLICATION = "duplicate_application"
DUPLICATE_USCC = "duplicate_uscc"
RAGGED_ROW = "ragged_row"
STRUCK_ROW = "struck_row"
MISSING_NAME = "missing_name"
MISSING_FIRM_NAME = "missing_firm_name"
MISSING_CATEGORY = "missing_category"
MISSING_PERSON = "missing_person"
MISSING_EMPLOYER = "missing_employer"
MISSING_PERIOD = "missing_period"
MISSING_APPLICATION_NUMBER = "missing_application_number"
MISSING_FILING_DATE = "missing_filing_date"
UNKNOWN_CATEGORY = "unknown_category"
BAD_PERIOD = "bad_period"
BAD_FILING_DATE = "bad_filing_date"
BAD_APPLICATION_NUMBER = "bad_application_number"
BAD_CHECK_DIGIT = "bad_check_digit"
END_BEFORE_START = "end_before_start"
DAMAGED_APPLICATION_NUMBER = "damaged_application_number"
DUPLICATE_MONTH = "duplicate_month"
UNKNOWN_KIND = "unknown_kind"
UNKNOWN_STAGE = "unknown_stage"
UNKNOWN_CHANGE = "unknown_change"
UNKNOWN_INDICATOR = "unknown_indicator"
UNKNOWN_UNION = "unknown_union"
MISSING_DATE = "missing_date"
MISSING_FIRM = "missing_firm"
MISSING_NUMBER = "missing_number"
MISSING_EDITION = "missing_edition"
OLDER_DELIVERY = "older_delivery"
AMBIGUOUS_CATEGORY = "ambiguous_category"
AMBIGUOUS_STAGE = "ambiguous_stage"
REFUNDED_PERIOD = "refunded_period"
DROPPED_BY_DECISION = "dropped_by_decision"
CANNOT_BE_KEPT = "cannot_be_kept"
SCHEMA = "schema"

# values not taken
VALUE_DATE = "value_date"
VALUE_DATE_ORDER = "value_date_order"
VALUE_AMOUNT = "value_amount"
VALUE_AMOUNT_UNIT = "value_amount_unit"
VALUE_CURRENCY = "value_currency"
VALUE_NUMBER = "value_number"
VALUE_CHOICE = "value_choice"
VALUE_INDUSTRY = "value_industry"
VALUE_USCC = "value_uscc"
VALUE_ID = "value_id"
VALUE_ID_DAMAGED = "value_id_damaged"
VALUE_PHONE = "value_phone"
VALUE_PERSONAL_NUMBER = "value_personal_number"
VALUE_PERSONAL_NAME = "value_personal_name"
VALUE_ORGANISATION_CODE = "value_organisation_code"
VALUE_REGISTRATION_NUMBER = "value_registration_number"
VALUE_STREET = "value_street"
VALUE_SCORE = "value_score"
VALUE_SCORE_TOTAL = "value_score_total"
VALUE_TEXT = "value_text"
VALUE_DUAL = "value_dual"
VALUE_REFUND = "value_refund"
VALUE_PARTY_CODES = "value_party_codes"
VALUE_TEAM = "value_team"
VALUE_WITHOUT_HEADER = "value_without_header"
VALUE_STRUCK = "value_struck"
VALUE_UNKNOWN = "value_unknown"
VALUE_ERROR_CELL = "value_error_cell"
VALUE_PERSON_NUMBER = "value_person_number"
VALUE_SEVERAL_NAMES = "value_several_names"
VALUE_SEVERAL_FIRMS = "value_several_firms"
VALUE_NAMES_LEFT_OUT = "value_names_left_out"
VALUE_DISAGREEMENT = "value_disagreement"
# values repaired
VALUE_USCC_REPAIRED = "value_uscc_repaired"
VALUE_CHECK_DIGIT_ADDED = "value_check_digit_added"
# values corrected
VALUE_CORRECTED = "value_corrected"
VALUE_KEPT_BY_DECISION = "value_kept_by_decision"
# what two deliveries say of one firm
VALUE_RENAMED_BETWEEN_DELIVERIES = "value_renamed_between_deliveries"

ALL = frozenset(
    value for name, value in list(globals().items()) if name.isupper() and isinstance(value, str)
)
