from calendula.booking.appointments.routes import router as appointments
from calendula.booking.changes.attendance import router as attendance
from calendula.booking.changes.routes import router as changes
from calendula.booking.holds.routes import router as holds

ROUTERS = (holds, appointments, changes, attendance)
