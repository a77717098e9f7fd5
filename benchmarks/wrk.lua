-- Posts the bodies of a file (the first argument) in order, all of them different,
-- and prints what load.py reads.  There is no `response` here: it slows wrk down.

local requests, at = {}, 0

function init(args)
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  for body in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("POST", nil, nil, body)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  local bad = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    'result {"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "bad": %d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, bad))
end
