package import TernCore

extension Retention {
    /// The values of IAM's condition keys (spec rule LCK-14).
    package func conditions(now: Timestamp) -> [String: [String]] {
        let remaining = max(0, self.until.milliseconds - now.milliseconds)
        return [
            "s3:object-lock-mode": [self.mode.rawValue],
            "s3:object-lock-retain-until-date": [self.until.iso8601],
            // Rounded up: a version that is kept for less than a day is kept today.
            "s3:object-lock-remaining-retention-days": ["\((remaining + 86_399_999) / 86_400_000)"],
        ]
    }
}
