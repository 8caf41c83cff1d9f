"""The loss test: one terminal under kill -9, a bad line, a platform that dies, a clock that steps
and a disk that fills; afterwards everything is compared with what truly happened.
"""
