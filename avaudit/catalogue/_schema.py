"""The tables of the catalogue. A change here needs a new ``VERSION``: the file is then rebuilt."""

from __future__ import annotations

VERSION = 2

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE reports (
    seq INTEGER PRIMARY KEY, report_id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    created TEXT NOT NULL, appended TEXT NOT NULL, tool TEXT NOT NULL, name TEXT NOT NULL,
    folder TEXT, digest TEXT, key_id TEXT NOT NULL,
    n_subjects INTEGER NOT NULL, n_findings INTEGER NOT NULL, n_failed INTEGER NOT NULL,
    n_flagged INTEGER NOT NULL, verdict TEXT, policy TEXT);
CREATE TABLE subjects (
    id INTEGER PRIMARY KEY, report_seq INTEGER NOT NULL, subject_id TEXT NOT NULL,
    name TEXT NOT NULL, media_kind TEXT, contradictions INTEGER NOT NULL);
CREATE INDEX subjects_of_report ON subjects (report_seq, subject_id);
CREATE INDEX subjects_by_name ON subjects (name);
CREATE TABLE subject_bodies (id INTEGER PRIMARY KEY, subject TEXT NOT NULL, conclusion TEXT);
CREATE TABLE findings (
    id INTEGER PRIMARY KEY, report_seq INTEGER NOT NULL, subject INTEGER NOT NULL,
    day TEXT NOT NULL, detector TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT,
    standing TEXT NOT NULL, priority INTEGER NOT NULL, points_to TEXT, weight TEXT,
    log10_lr REAL, log10_lr_low REAL, log10_lr_high REAL, strength TEXT, summary TEXT NOT NULL,
    review TEXT NOT NULL DEFAULT 'open', n_reviews INTEGER NOT NULL DEFAULT 0,
    waiting INTEGER NOT NULL);
CREATE INDEX findings_of_subject ON findings (subject, detector);
CREATE INDEX findings_of_report ON findings (report_seq);
CREATE INDEX findings_queue ON findings (waiting DESC, priority DESC, id DESC);
CREATE INDEX findings_counts ON findings (standing, day, waiting);
CREATE INDEX findings_detector ON findings (detector, id DESC);
CREATE INDEX findings_strength ON findings (log10_lr DESC, id DESC);
CREATE INDEX findings_reviewed ON findings (review) WHERE n_reviews > 0;
CREATE TABLE finding_bodies (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE rules (
    report_seq INTEGER NOT NULL, rule TEXT NOT NULL, verdict TEXT NOT NULL, why TEXT NOT NULL);
CREATE INDEX rules_of_report ON rules (report_seq);
CREATE TABLE reviews (
    seq INTEGER PRIMARY KEY, report_id TEXT NOT NULL, subject_id TEXT NOT NULL,
    detector TEXT NOT NULL, finding INTEGER, body TEXT NOT NULL);
CREATE INDEX reviews_of_finding ON reviews (finding);
CREATE TABLE problems (seq INTEGER NOT NULL, text TEXT NOT NULL);
"""
