// Parses a report in the Test Anything Protocol from standard input, strictly, and prints what it says as JSON.
import { Parser } from 'tap-parser'

const parser = new Parser({ strict: true, bail: false })
const points = []
const extra = []
let version = 0
parser.on('version', v => { version = v })
parser.on('assert', a => points.push({ ok: a.ok, id: a.id, name: a.name, skip: a.skip || '', diag: a.diag || null }))
parser.on('extra', line => extra.push(line))
parser.on('complete', r => console.log(JSON.stringify({ version, points, extra, count: r.count, fail: r.fail, skip: r.skip, plan: r.plan.end, faults: r.failures.filter(f => f.tapError).map(f => f.tapError) })))
process.stdin.pipe(parser)
