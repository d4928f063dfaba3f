from calendula.pages.booking import doctor, finding, steps

ROUTERS = (finding.router, doctor.router, steps.router)
