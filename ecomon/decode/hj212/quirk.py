"""Every deviation from the text of the standard that is accepted, by name.

A station's quirks are counted; one that begins to show a new one has changed, and somebody looks.
"""

from __future__ import annotations

from enum import StrEnum


class Quirk(StrEnum):
    """An accepted deviation of a frame, its segment or what it says (HJ 212-2017 unless said)."""

    # the frame
    CRC_LOWER_CASE = "crc_lower_case"
    CRC_MODBUS = "crc_modbus"
    CRC_BAD = "crc_bad"  # only where a reader was told to ask for none
    LENGTH_PLUS_6 = "length_counts_crc_and_crlf(+6)"
    LENGTH_IN_CHARACTERS = "length_counts_characters"
    LENGTH_WRONG = "length_mismatch"
    LENGTH_DIGITS = "length_field_not_4_digits"
    TAIL_LF = "tail_LF"
    TAIL_CR = "tail_CR"
    TAIL_NONE = "tail_none"
    NOISE_BEFORE = "noise_before"  # a registration line, a probe, the rest of a cut frame
    PADDING_NUL = "padding_NUL"
    SM4_AS_TEXT = "sm4_as_text"  # {0xE4,0x3E,...} as annex A.2 of the 2025 edition prints it
    # the head of the segment
    NO_QN = "no_QN"
    NO_ST = "no_ST"
    NO_PW = "no_PW"
    NO_MN = "no_MN"
    NO_FLAG = "no_Flag"
    NO_CP = "no_CP"
    MN_NOT_24_HEX = "MN_not_24_hex"
    HEADER_ORDER = "header_order"
    HEADER_REPEATED = "header_repeated"
    HEADER_CASE = "header_case"
    HEADER_UNREADABLE = "header_item_unreadable"
    COMMA_AFTER_QN = "comma_in_header"  # printed in tables C.22 and C.48
    FLAG_GLUED_TO_CP = "semicolon_missing_before_CP"  # printed in table C.19
    FLAG_NOT_A_NUMBER = "Flag_not_a_number"
    FLAG_OUT_OF_RANGE = "Flag_over_255"
    PACKAGE_WITHOUT_BIT = "PNUM_without_bit"
    BIT_WITHOUT_PACKAGE = "package_bit_without_PNUM"
    PACKAGE_OUT_OF_RANGE = "PNO_out_of_range"
    TEXT_GB18030 = "text_GB18030"
    TEXT_UNREADABLE = "text_unreadable"
    # the data area
    CP_UNCLOSED = "CP_unclosed"
    SPACE_IN_CP = "space_in_CP"  # printed in table C.25
    TRAILING_SEMICOLON = "trailing_semicolon"
    DUPLICATE_KEY = "duplicate_key_in_CP"
    SEPARATOR_MISSING = "separator_missing"
    ITEM_WITHOUT_VALUE = "item_without_equals_sign"
    DATATIME_17 = "DataTime_17_chars"
    DATATIME_SHORT = "DataTime_without_seconds"
    TIME_CASE = "time_name_case"  # CTime and Ctime are both printed
    # what it says
    TIME_24 = "time_24_00"
    SECONDS_NOT_ZERO = "seconds_not_zero"
    NO_DATATIME = "DataTime_from_QN"
    SAMPLE_TIME_BAD = "SampleTime_unreadable"
    CLOCK_DRIFT = "QN_far_from_DataTime"
    CODE_CASE = "code_case"
    SUFFIX_CASE = "suffix_case"
    CODE_ALIAS = "code_alias"
    CODE_WITHOUT_LETTER = "code_without_letter"  # printed in table C.14
    FLAG_CASE = "flag_case"
    FLAG_UNKNOWN = "flag_unknown"
    VALUE_MARK = "value_is_a_mark"  # --, NaN, empty
    VALUE_CENSORED = "value_below_detection"
    VALUE_ZERO = "value_zero_below_detection"
    VALUE_SPELLING = "value_spelling"  # 1e1, +352, full-width digits, a comma of thousands
