import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { parseMetrics } from '../../../../../console/app/live/metrics/parse-metrics.ts'
import { samplesOf } from '../../../../support/prometheus-page.ts'

/** The samples of a page by their ids. */
function read(text: string): Record<string, number> {
  const samples = parseMetrics(text).families.flatMap((family) => family.samples)
  return Object.fromEntries(samples.map(({ id, value }) => [id, value]))
}

async function realPage(): Promise<string> {
  const registry = new Registry()
  const calls = new Counter({
    name: 'calls_total',
    help: 'Calls',
    labelNames: ['method', 'code'],
    registers: [registry],
  })
  calls.inc({ method: 'a.B/C', code: 'OK' }, 12)
  calls.inc({ method: 'quote " slash \\ line \n end', code: '{}=,#' }, 0.5)
  new Gauge({ name: 'heap_bytes', help: 'Heap \\ of\nthe process', registers: [registry] }).set(1.5e9)
  const seconds = new Histogram({ name: 'call_seconds', help: 'Time', buckets: [0.1, 1], registers: [registry] })
  for (const value of [0.05, 0.5, 5]) seconds.observe(value)
  return registry.metrics()
}

it('reads what prom-client writes', async () => {
  const text = await realPage()
  const page = parseMetrics(text)
  expect(read(text)).toEqual(Object.fromEntries(samplesOf(text)))
  expect(page.families.map(({ name, type, help }) => [name, type, help])).toEqual([
    ['calls_total', 'counter', 'Calls'],
    ['heap_bytes', 'gauge', 'Heap \\ of\nthe process'],
    ['call_seconds', 'histogram', 'Time'],
  ])
  expect(page.families[0]?.samples[1]?.labels).toEqual([
    ['method', 'quote " slash \\ line \n end'],
    ['code', '{}=,#'],
  ])
  expect(page.families[2]?.samples.map(({ name }) => name)).toEqual([
    'call_seconds_bucket',
    'call_seconds_bucket',
    'call_seconds_bucket',
    'call_seconds_sum',
    'call_seconds_count',
  ])
  expect(page).toMatchObject({ faults: { count: 0 }, isCut: false })
})

describe('a sample', () => {
  it.each([
    ['a 1', 1],
    ['a  1 ', 1],
    ['a\t+1.5e-3', 0.0015],
    ['a -.5', -0.5],
    ['a 5.', 5],
    ['a +Inf', Number.POSITIVE_INFINITY],
    ['a -inf', Number.NEGATIVE_INFINITY],
    ['a nan', Number.NaN],
    ['a 1 1700000000000', 1],
    ['a 1 # {trace_id="x"} 0.5 1700000000.1', 1],
    ['a{} 1', 1],
    ['a{b="c",} 1', 1],
    ['a { b = "c" , d = "e" } 1', 1],
    ['{"a.b.c", d="e"} 1', 1],
    ['{"a.b.c"} 1', 1],
    ['a{"label with space"="x"} 1', 1],
    ['a{__proto__="x",constructor="y"} 1', 1],
    ['a 1\r', 1],
  ])('may be written as %j', (line, value) => {
    const page = parseMetrics(line)
    expect(page.faults.count).toBe(0)
    expect(page.families[0]?.samples[0]?.value).toBe(value)
  })

  it.each([
    'a',
    'a ',
    'a one',
    'a 0x10',
    'a 1_000',
    'a 1e',
    'a .',
    'a{',
    'a{b',
    'a{b=',
    'a{b="',
    'a{b="c',
    'a{b="c\\',
    'a{b="c"',
    'a{b="c" d="e"} 1',
    'a{b=c} 1',
    'a{="c"} 1',
    'a{b="c"}',
    'a}b{ 1',
    '{} 1',
    '{b="c"} 1',
    '{"a","b"} 1',
    '9a 1',
    '<script>alert(1)</script> 1',
    'ä 1',
  ])('is not %j', (line) => {
    expect(parseMetrics(`good 1\n${line}\nalso_good 2`)).toMatchObject({
      families: [{ name: 'good' }, { name: 'also_good' }],
      faults: { count: 1, firstLine: 2 },
    })
  })

  it('has names of the prototype of objects as any other name', () => {
    expect(parseMetrics('__proto__ 1\nconstructor 2\ntoString{hasOwnProperty="x"} 3').families).toMatchObject([
      { name: '__proto__', samples: [{ value: 1 }] },
      { name: 'constructor', samples: [{ value: 2 }] },
      { name: 'toString', samples: [{ labels: [['hasOwnProperty', 'x']], value: 3 }] },
    ])
  })
})

it('puts samples into the families that comments name', () => {
  const text =
    '# TYPE a histogram\na_bucket{le="+Inf"} 1\na_count 1\nb_count 2\n# TYPE c counter\nc_total 3\n# EOF\n# TYPE'
  expect(parseMetrics(text).families.map(({ name, type, samples }) => [name, type, samples.length])).toEqual([
    ['a', 'histogram', 2],
    ['b_count', 'untyped', 1],
    ['c', 'counter', 1],
  ])
  expect(parseMetrics('# HELP "a.b" Help\n# TYPE "a.b" gauge\n{"a.b"} 1').families).toMatchObject([
    { name: 'a.b', type: 'gauge', help: 'Help' },
  ])
})

it('stops at the limit of samples', () => {
  const page = parseMetrics(Array.from({ length: 100 }, (_, index) => `a{i="${index}"} 1`).join('\n'), 10)
  expect(page.families[0]?.samples).toHaveLength(10)
  expect(page.isCut).toBe(true)
})

const LENGTH = 2_000_000
const LONG_TEXTS = {
  'a long line of digits': `a ${'1'.repeat(LENGTH)}x`,
  'digits and dots': `a ${'1.'.repeat(LENGTH / 2)}`,
  'a value without an end': `a{b="${'\\'.repeat(LENGTH)}`,
  'many labels': `a{${'b="",'.repeat(LENGTH / 5)}`,
  'many braces': `a${'{'.repeat(LENGTH)}`,
  'many spaces': `a${' '.repeat(LENGTH)}{${' '.repeat(LENGTH)}`,
  'many comments': '# HELP\n'.repeat(LENGTH / 7),
  'a comment of spaces': `# HELP${' '.repeat(LENGTH)}`,
  'a quoted name in a comment': `# HELP "${'\\"'.repeat(LENGTH / 2)}`,
  'empty lines': '\n'.repeat(LENGTH),
  'many series': Array.from({ length: 19_000 }, (_, index) => `a${index}{b="c"} 1`).join('\n'),
}

// Quadratic time would take minutes.
it.each(Object.entries(LONG_TEXTS))('takes time in proportion to %s', (_name, text) => {
  const started = performance.now()
  parseMetrics(text)
  expect(performance.now() - started).toBeLessThan(10_000)
})
