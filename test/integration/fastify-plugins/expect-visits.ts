/** Makes the visits of a case, and checks their results. */
import { fromBinary } from '@bufbuild/protobuf'
import { DurationSchema } from '@bufbuild/protobuf/wkt'
import type { ConnectError } from '@connectrpc/connect'
import { expect } from 'vitest'
import { type PluginApp, STREAM_LENGTH } from '../../support/plugin-app.ts'
import { CALLER, type Caller, type Seen } from '../../support/plugin-callers.ts'
import type { Visit } from './plugin-case.ts'

/** In their order, by one caller, which keeps its connection and its cookies. */
export async function expectVisits(started: PluginApp, caller: Caller, visits: readonly Visit[]): Promise<void> {
  const ask = caller.open(started)
  const cookies = new Map<string, string>()
  for (const [at, visit] of visits.entries()) {
    const sends = typeof visit.sends === 'function' ? await visit.sends(started.scope) : visit.sends
    const seen = await ask({ cookie: cookieField(cookies), [CALLER]: caller.name, ...sends })
    expectSeen(seen, visit, { caller, at })
    for (const set of seen.headers.getSetCookie()) keepCookie(cookies, set)
  }
}

function expectSeen(seen: Seen, visit: Visit, { caller, at }: { caller: Caller; at: number }): void {
  const where = `visit ${at + 1} of ${caller.name}`
  const { code = 'ok', has = {}, saw, text, retryAfterSeconds } = visit
  expect(seen.code, `${where}: ${seen.error?.message}`).toBe(code)
  for (const [name, value] of Object.entries(has)) {
    expect(seen.headers.get(name), `${where}: ${name}`).toEqual(
      typeof value === 'string' ? value : expect.stringMatching(value),
    )
  }
  if (code === 'ok') expect(seen.saw, where).toHaveLength(caller.kind === 'stream' ? STREAM_LENGTH : 1)
  if (saw !== undefined) expect(new Set(seen.saw), where).toEqual(new Set([saw]))
  if (seen.error === undefined) return
  if (text !== undefined) expect(seen.error.rawMessage, where).toMatch(text)
  if (retryAfterSeconds !== undefined) {
    expect(retryDelayOf(seen.error), where).toBeGreaterThanOrEqual(retryAfterSeconds[0])
    expect(retryDelayOf(seen.error), where).toBeLessThanOrEqual(retryAfterSeconds[1])
  }
}

/** The seconds of google.rpc.RetryInfo, whose only field is a duration. */
function retryDelayOf(error: ConnectError): number | undefined {
  for (const detail of error.details) {
    if (!('type' in detail) || detail.type !== 'google.rpc.RetryInfo') continue
    return Number(fromBinary(DurationSchema, detail.value.subarray(2)).seconds)
  }
  return undefined
}

function cookieField(cookies: ReadonlyMap<string, string>): string {
  return [...cookies].map((pair) => pair.join('=')).join('; ')
}

function keepCookie(cookies: Map<string, string>, set: string): void {
  const [pair = ''] = set.split(';', 1)
  const equals = pair.indexOf('=')
  cookies.set(pair.slice(0, equals), pair.slice(equals + 1))
}
