import { beforeEach, describe, expect, test, vi } from 'vitest'
import type * as Module from '../../../wire/call-scope.ts'
import type { CallScope } from '../../../wire/call-scope.ts'

let scopes: typeof Module

beforeEach(async () => {
  vi.resetModules()
  scopes = await import('../../../wire/call-scope.ts')
})

const scope: CallScope = {
  isHandled: false,
  signal: new AbortController().signal,
  requestHeader: new Headers(),
  inheritance: { deadline: true, traceparent: true, baggage: false, metadataPrefixes: [] },
  timeoutMs: () => undefined,
}

test('keeps nothing before scopes are requested', () => {
  expect(scopes.areCallScopesKept()).toBe(false)
  expect(scopes.runInCallScope(scope, scopes.currentCallScope)).toBeUndefined()
})

describe('once scopes are kept', () => {
  beforeEach(() => scopes.keepCallScopes())

  test('a scope applies to what runs in it, and what that starts', async () => {
    const seen = await scopes.runInCallScope(
      scope,
      async (text: string) => {
        await new Promise((resolve) => setImmediate(resolve))
        return { text, scope: scopes.currentCallScope() }
      },
      'given',
    )
    expect(seen).toEqual({ text: 'given', scope })
    expect(scopes.currentCallScope()).toBeUndefined()
  })

  test('the innermost of two applies', () => {
    const inner = { ...scope }
    const seen = scopes.runInCallScope(scope, () => scopes.runInCallScope(inner, scopes.currentCallScope))
    expect(seen).toBe(inner)
  })

  test('enabling it twice changes nothing', () => {
    const seen = scopes.runInCallScope(scope, () => {
      scopes.keepCallScopes()
      return scopes.currentCallScope()
    })
    expect(seen).toBe(scope)
  })

  test('work left running by a handler belongs to no call', () => {
    expect(scopes.runInCallScope({ ...scope, isHandled: true }, scopes.currentCallScope)).toBeUndefined()
  })
})

describe('the span of a scope', () => {
  const traced: CallScope = {
    ...scope,
    trace: {
      ids: { traceId: 't', spanId: 's' },
      isSampled: true,
      fields: [],
      runInContext(run) {
        places.push('in')
        run()
        places.push('out')
      },
    },
  }
  const places: string[] = []

  test('is the active one while the function runs', () => {
    places.length = 0
    const seen = scopes.runInCallScope(traced, (text: string) => places.push(text), 'ran')
    expect(seen).toBe(2)
    expect(places).toEqual(['in', 'ran', 'out'])
  })

  test('does not change what the function throws', () => {
    const fault = new Error('a fault')
    expect(() =>
      scopes.runInCallScope(traced, () => {
        throw fault
      }),
    ).toThrow(fault)
  })
})
