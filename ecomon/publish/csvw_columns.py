"""The columns of the long CSV of readings: their names, datatypes and titles."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ecomon.publish.wording import FLAG, Words

Kind = Literal["text", "number", "integer", "moment"]

DATATYPES: dict[Kind, Any] = {
    "text": "string",
    "number": "double",
    "integer": "integer",
    "moment": {"base": "dateTimeStamp", "format": "yyyy-MM-ddTHH:mm:ssXXX"},
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: whether a cell may be empty, whether a table may lack it, which texts it holds."""

    name: str
    kind: Kind
    words: Words
    is_required: bool = True
    is_optional: bool = False
    codes: dict[str, Words] = field(default_factory=dict[str, Words])

    @property
    def datatype(self) -> Any:
        """As CSVW says it; the codes of a text are its pattern."""
        if self.codes and self.kind == "text":
            return {"base": "string", "format": "|".join(self.codes)}
        return DATATYPES[self.kind]


_STATISTIC = {
    "value": Words("瞬时值或单次样", "an instant or a sample"), "mean": Words("平均值", "mean"),
    "min": Words("最小值", "minimum"), "max": Words("最大值", "maximum"),
    "total": Words("累计值", "total"),
}  # fmt: skip
_CENSOR = {
    "none": Words("正常", "measured"),
    "left": Words("低于检出限，value 为检出限", "below detection; value is the limit"),
    "right": Words("超量程，value 为上限", "over the range; value is the upper limit"),
}
_FLAG = {str(flag): words for flag, words in FLAG.items()}
_DECISION = {
    "accept": Words("采用", "accepted"), "reject": Words("剔除", "rejected"),
    "correct": Words("更正，value 为更正值", "corrected; value is the corrected one"),
}  # fmt: skip
_APPROVAL = {
    "provisional": Words("未经审核", "provisional"), "reviewed": Words("已审核", "reviewed"),
    "approved": Words("已批准", "approved"),
}  # fmt: skip

COLUMNS = (
    Column("site", "text", Words("站点编号", "site")),
    Column("determinand", "text", Words("指标代码", "determinand")),
    Column("statistic", "text", Words("统计方式", "statistic"), codes=_STATISTIC),
    Column("start", "moment", Words("时段起点（北京时间）", "start of the interval, Beijing time")),
    Column("duration_s", "integer", Words("时段长度（秒），0 为瞬时", "length of the interval, s; 0 is an instant")),
    Column("programme", "text", Words("监测方式", "programme")),
    Column("source", "text", Words("数据来源", "feed that brought it")),
    Column("replicate", "integer", Words("平行样序号", "replicate")),
    Column("value", "number", Words("监测值，空为无值", "value; empty where the source gave none"), is_required=False),
    Column("unit", "text", Words("单位", "unit")),
    Column("censor", "text", Words("检出情况", "censoring"), codes=_CENSOR),
    Column("source_flag", "text", Words("来源标记，原文", "what the source said, letter for letter"), is_required=False),
    Column("row", "integer", Words("来源文件内行号，0 为无", "row of its file; 0 where there is none")),
    Column("revision", "integer", Words("库内版本号", "revision in the store")),
    Column("flag", "integer", Words("质量标记（QARTOD）", "quality flag (QARTOD)"), codes=_FLAG),
    Column("decision", "text", Words("人工审核决定", "what a person decided"), False, True, _DECISION),
    Column("approval", "text", Words("审核状态", "approval"), True, True, _APPROVAL),
    Column("batch_id", "integer", Words("入库批次", "batch"), True, True),
    Column("file_name", "text", Words("来源文件", "file it was read from"), True, True),
    Column("sha256", "text", Words("来源文件指纹", "SHA-256 of that file"), True, True),
    Column("decoder", "text", Words("解析器", "decoder"), True, True),
    Column("decoder_version", "text", Words("解析器版本", "version of the decoder"), True, True),
)  # fmt: skip
