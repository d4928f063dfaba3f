from calendula.clinic.appointments.routes import router as appointments
from calendula.clinic.closing.routes import router as closing
from calendula.clinic.days.routes import router as days
from calendula.clinic.doctors.routes import router as doctors
from calendula.clinic.hours.routes import router as hours
from calendula.clinic.patients.routes import router as patients
from calendula.clinic.policies.routes import router as policies
from calendula.clinic.time_off.routes import router as time_off
from calendula.clinic.visit_types.routes import router as visit_types

ROUTERS = (
    doctors,
    hours,
    time_off,
    closing,
    visit_types,
    policies,
    appointments,
    days,
    patients,
)
