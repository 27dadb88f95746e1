"""From answers to a report: what they support, by which formula, and how sure that is.

`analysis.analyse` computes everything, `chapters` says it in words, `writing.write_report` writes the files.
"""
