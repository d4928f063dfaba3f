-- Lets wrk send the requests of a file, one after the other: each a line with its length, and its bytes.

local requests, asked = {}, 0

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  local length = file:read("*n")
  while length do
    file:read(1)
    requests[#requests + 1] = file:read(length)
    length = file:read("*n")
  end
  file:close()
end

function request()
  asked = asked % #requests + 1
  return requests[asked]
end

function done(summary)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local report = '{"answers": %d, "seconds": %f, "failed": %d}\n'
  io.write(string.format(report, summary.requests, summary.duration / 1e6, failed))
end
