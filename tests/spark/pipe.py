"""Pipes the accounts of a fleet through `mrready audit -` in Spark's local mode.

Arguments: the fleet (JSON lines), the folder for the parts, the number of partitions, then the command with its arguments.
"""

import shlex
import sys
from pathlib import Path

from pyspark import SparkConf, SparkContext


def accounts(path: str) -> list[str]:
    """The documents of the fleet, each whole."""
    documents, lines = [], []
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        lines.append(line)
        if line.startswith('{"end":'):
            documents.append("\n".join(lines))
            lines = []
    assert not lines, "the fleet was cut off"
    return documents


def main() -> None:
    fleet, out, partitions, *command = sys.argv[1:]
    conf = SparkConf().setMaster("local[2]").setAppName("fleet")
    conf.set("spark.ui.enabled", "false").set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1")
    spark = SparkContext(conf=conf)
    spark.setLogLevel("ERROR")
    # An element is an account: Spark never tears one apart, and a partition keeps their order.
    rdd = spark.parallelize(accounts(fleet), int(partitions))
    # A gate that is blocked is no failure of the job: the command says --fail-on never, and any other code but 0 fails it.
    rdd.pipe(shlex.join(command), checkCode=True).saveAsTextFile(out)
    spark.stop()


main()
