"""The volunteers' work: referrals, leases, rota, and the jobs that carry it."""
