/** Heads of one kind: the same result as without kinds, whatever order of requests came before. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestRequest, type RequestHead } from '../../../../wire/http2/head.ts'
import { HeadKinds } from '../../../../wire/http2/head-kinds.ts'
import { HeaderBlock } from '../../../../wire/http2/hpack/header-block.ts'
import { type HeaderField, headerField } from '../../../../wire/http2/hpack/header-field.ts'

const FIXED = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/a.B/C'],
  [':path', '/a.B/D'],
  [':authority', 'test'],
  [':authority', 'other'],
  [':authority', 'user@host'],
  [':status', '200'],
  ['content-type', 'application/grpc'],
  ['content-type', 'application/json'],
  ['content-length', '5'],
  ['host', 'test'],
  ['host', 'evil'],
  ['te', 'trailers'],
  ['grpc-encoding', 'gzip'],
  ['a-bin', 'AAAA'],
].map(([name = '', value = '']) => headerField(name, value))
const VOLATILE = ['grpc-timeout', 'traceparent', 'x-request-id', 'authorization']
const CALL = [0, 1, 2, 4, 8].map((at) => FIXED[at] as HeaderField)

const field = fc.oneof(
  fc.constantFrom(...FIXED),
  fc.tuple(fc.constantFrom(...VOLATILE), fc.nat(99)).map(([name, value]) => headerField(name, `${value}`)),
)
/** A call with some fields put in, left out or exchanged: most are valid, many are of a kind seen before. */
const fields = fc
  .array(fc.tuple(fc.nat(8), fc.nat(2), field), { maxLength: 3 })
  .map((edits) => edits.reduce((list, [at, removed, added]) => list.toSpliced(at, removed, added), CALL))

test('kinds change no result', () => {
  let known = 0
  const property = fc.property(fc.array(fields, { minLength: 2, maxLength: 60 }), (requests) => {
    const kinds = new HeadKinds()
    const met = new Set<unknown>()
    for (const request of requests) {
      const digested = kinds.digest(blockOf(request))
      expect(factsOf(digested)).toEqual(factsOf(digestRequest(blockOf(request))))
      if (typeof digested === 'string' || digested.kind === null) continue
      if (met.has(digested.kind)) known++
      met.add(digested.kind)
    }
  })
  fc.assert(property, { seed: 9113, numRuns: 300 })
  expect(known).toBeGreaterThan(300)
})

test('requests that differ in volatile fields are of one kind; others are not', () => {
  const kinds = new HeadKinds()
  const kindOf = (...added: HeaderField[]) => (kinds.digest(blockOf([...CALL, ...added])) as RequestHead).kind
  const first = kindOf(headerField('x-request-id', 'a'))
  expect(first).not.toBeNull()
  expect(kindOf(headerField('x-request-id', 'b'), headerField('grpc-timeout', '1S'))).toBe(first)
  expect(kindOf()).toBe(first)
  expect(kindOf(headerField('grpc-encoding', 'gzip'))).not.toBe(first)
  expect(kindOf(headerField('trace-bin', 'AAAA'))).not.toBe(first)
})

test('a block that exceeds the limits is not of a kind', () => {
  const kinds = new HeadKinds()
  kinds.digest(blockOf(CALL))
  const cut = new HeaderBlock(CALL, 1_000_000, { exceeds: true, tableSizeUpdates: 0 })
  expect((kinds.digest(cut) as RequestHead).verdict).toBe('too-large')
})

test('large heads are forgotten, so that a connection holds little of them', () => {
  const kinds = new HeadKinds()
  const paths = new Map(['One', 'Two', 'Three'].map((method) => [method, headerField(':path', `/a.B/${method}`)]))
  const kindOf = (method: string, size: number) => {
    const path = paths.get(method) as HeaderField
    return (kinds.digest(blockOf(CALL.with(2, path), size)) as RequestHead).kind
  }
  const one = kindOf('One', 30_000)
  expect(kindOf('Two', 30_000)).not.toBe(one)
  expect(kindOf('One', 30_000)).toBe(one)
  kindOf('Three', 30_000)
  expect(kindOf('One', 30_000)).not.toBe(one)
  expect(kindOf('Two', 100_000)).toBeNull()
})

function blockOf(list: readonly HeaderField[], size = 100): HeaderBlock {
  return new HeaderBlock(list, size, { exceeds: false, tableSizeUpdates: 0 })
}

/** Everything but the slots. */
function factsOf(digested: RequestHead | string): unknown {
  if (typeof digested === 'string') return digested
  const { kind: _kind, plan: _plan, ...facts } = digested
  return facts
}
