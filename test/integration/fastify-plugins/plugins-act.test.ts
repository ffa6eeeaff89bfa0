/** Fastify plugins have the same effect on ordinary requests and on calls, in every protocol and over every transport. */
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type PluginApp, startPluginApp } from '../../support/plugin-app.ts'
import { callersOfTurn } from '../../support/plugin-callers.ts'
import { ACCESS_CASES } from './access-cases.ts'
import { expectVisits } from './expect-visits.ts'
import { HEADER_CASES } from './header-cases.ts'
import { STATE_CASES } from './state-cases.ts'

const CASES = [...ACCESS_CASES, ...STATE_CASES, ...HEADER_CASES]

describe.each(CASES.map((plugin, turn) => ({ ...plugin, turn })))('$name', ({ visits, turn, ...options }) => {
  let started: PluginApp

  beforeAll(async () => {
    started = await startPluginApp(options)
  })

  afterAll(() => started.app.close())

  test.each(callersOfTurn(turn))('acts on $name', (caller) => expectVisits(started, caller, visits))
})
