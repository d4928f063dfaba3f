"use strict";
// The classic way: look whether the slot is free, then insert. Between the two, somebody else may.

const express = require("express");
const { Pool } = require("pg");

const LABELS = [
  "9:00 AM - 9:30 AM", "9:30 AM - 10:00 AM", "10:00 AM - 10:30 AM", "10:30 AM - 11:00 AM",
  "11:00 AM - 11:30 AM", "11:30 AM - 12:00 PM", "2:00 PM - 2:30 PM", "2:30 PM - 3:00 PM",
];
const pool = new Pool({ connectionString: process.env.REFERENCE_DATABASE_URL });
const app = express();
app.use(express.json());

app.post("/book_appointment", async (request, response) => {
  const { patient_id, patient_name, doctor_name, time_slot, date } = request.body;
  if (!patient_id || !patient_name || !doctor_name || !time_slot || !date) {
    return response.status(422).json({ msg: "All fields are required!" });
  }
  const slot = [doctor_name, date, time_slot];
  const found = await pool.query(
    "SELECT 1 FROM peer_booking WHERE doctor = $1 AND date = $2 AND slot = $3", slot);
  if (found.rowCount > 0) {
    return response.status(409).json({ msg: "Time slot already booked! Choose another slot." });
  }
  await pool.query(
    "INSERT INTO peer_booking VALUES ($1, $2, $3, $4, $5)", [...slot, patient_id, patient_name]);
  return response.status(201).json({ msg: "Appointment booked successfully!" });
});

app.get("/available_slots", async (request, response) => {
  const { doctor_name, date } = request.query;
  const found = await pool.query(
    "SELECT slot FROM peer_booking WHERE doctor = $1 AND date = $2", [doctor_name, date]);
  const taken = new Set(found.rows.map((row) => row.slot));
  response.json({ available_slots: LABELS.filter((label) => !taken.has(label)) });
});

app.listen(Number(process.env.PORT), "127.0.0.1");
