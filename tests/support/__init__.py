"""What the tests share: a booking, databases of their own, and servers that are really started."""

BOOKING = {
    "patient_id": "P-1001",
    "patient_name": "Asha Verma",
    "doctor_name": "Dr. Rajesh Kumar",
    "time_slot": "10:00 AM - 10:30 AM",
    "date": "2025-02-07",
}
