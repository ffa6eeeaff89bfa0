/** Plugins apply to calls on any server of Fastify, wherever their hooks are added. */
import { describe, onTestFinished, test } from 'vitest'
import { type ServerKind, startPluginApp } from '../../support/plugin-app.ts'
import { CALLERS, type Caller, callersOfTurn } from '../../support/plugin-callers.ts'
import { ACCESS_CASES } from './access-cases.ts'
import { expectVisits } from './expect-visits.ts'
import { HEADER_CASES } from './header-cases.ts'
import type { PluginCase } from './plugin-case.ts'
import { STATE_CASES } from './state-cases.ts'

const CASES = [...ACCESS_CASES, ...STATE_CASES, ...HEADER_CASES]

/** Over node:http2 Express and middie crash the process even without calls, as they expect objects of node:http. */
const HTTP2_CASES = CASES.filter(({ name }) => !/express|middie/.test(name))

/** Those that hang their hooks on routes, as they are made, find none behind them. */
const HOOK_CASES = CASES.filter(({ name }) => !/rate-limit|every route/.test(name))

interface Server {
  readonly server: ServerKind
  readonly cases: readonly PluginCase[]
  readonly reaches: (caller: Caller) => boolean
}

const SERVERS: readonly Server[] = [
  { server: 'http', cases: CASES, reaches: ({ httpVersion, isSecure }) => httpVersion === '1.1' && !isSecure },
  { server: 'http2', cases: HTTP2_CASES, reaches: ({ httpVersion, isSecure }) => httpVersion === '2' && !isSecure },
  { server: 'http2 over TLS', cases: HTTP2_CASES, reaches: ({ isSecure }) => isSecure },
]

function isCleartext({ isSecure }: Caller): boolean {
  return !isSecure
}

async function expectPlugin({ visits, ...options }: PluginCase, reaches: Server['reaches']): Promise<void> {
  const started = await startPluginApp(options)
  onTestFinished(() => started.app.close())
  const turn = CASES.findIndex(({ name }) => name === options.name)
  for (const caller of callersOfTurn(turn, CALLERS.filter(reaches))) await expectVisits(started, caller, visits)
}

describe.each(SERVERS)('a separate Fastify, on $server', ({ server, cases, reaches }) => {
  test.each(cases)('$name', (plugin) => expectPlugin({ ...plugin, server }, reaches))
})

describe('hooks that run after the calls', () => {
  test.each(HOOK_CASES)('$name', (plugin) => expectPlugin({ ...plugin, where: 'behind' }, isCleartext))
})

describe('hooks of a scope', () => {
  test.each(CASES)('$name', (plugin) => expectPlugin({ ...plugin, where: 'in a scope' }, isCleartext))
})
