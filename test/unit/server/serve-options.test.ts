/** How options in code, the command line and defaults combine into those of the app. */
import { describe, expect, test } from 'vitest'
import { APP_SHAPE } from '../../../server/app.ts'
import type { Option } from '../../../server/config/option.ts'
import { type OptionValues, optionTable } from '../../../server/config/option-table.ts'
import { readOptions } from '../../../server/config/read-options.ts'
import { appOptionsOf, type ServeSettings, serveTables } from '../../../server/serve-options.ts'
import { optionFaults } from '../../../wire/options/check-options.ts'

/** What the app gets for options in code and the arguments of a command line. */
function combined(settings: ServeSettings, argv: readonly string[], table = serveTables(settings).server) {
  const result = readOptions(table, { argv, env: {} })
  if (result.kind !== 'values') return expect.unreachable()
  return appOptionsOf(settings, { values: result.values as OptionValues, given: result.given })
}

describe('flags override code, code overrides defaults', () => {
  test('for parts of nested options, the rest of which come from code', () => {
    const settings = { listen: { maxConnections: 9, maxHeaderFields: 20, http2: { pingBurst: 3, resetBurst: 4 } } }
    const { server } = serveTables({
      ...settings,
      defaults: { 'max-connections': 7, 'reset-burst': 8, 'drain-timeout': '1s' },
    })
    const printed = ['max-connections', 'reset-burst', 'drain-timeout'].map((name) => server[name]?.default)
    expect(printed).toEqual([9, 4, 1_000])
    expect(combined(settings, ['--reset-burst', '5'], server).listen).toMatchObject({
      maxConnections: 9,
      maxHeaderFields: 20,
      drainTimeoutMs: 1_000,
      http2: { pingBurst: 3, resetBurst: 5 },
    })
    expect(settings.listen.http2.resetBurst).toBe(4)
  })

  test.each([
    [[], { handshakeTimeoutMs: 1_000, sniffTimeoutMs: 2_000, maxTimeoutMs: 5_000 }, 4_000],
    [['--handshake-timeout', '3s'], { handshakeTimeoutMs: 3_000, sniffTimeoutMs: 3_000, maxTimeoutMs: 5_000 }, 4_000],
    [['--max-timeout', '6s'], { handshakeTimeoutMs: 1_000, sniffTimeoutMs: 2_000, maxTimeoutMs: 6_000 }, 6_000],
  ])('for two options that one flag sets: %j', (argv, listen, maxTimeoutMs) => {
    const settings = {
      listen: { handshakeTimeoutMs: 1_000, sniffTimeoutMs: 2_000, maxTimeoutMs: 5_000 },
      maxTimeoutMs: 4_000,
    }
    expect(combined(settings, argv)).toMatchObject({ listen, maxTimeoutMs })
  })

  test.each([
    ['console', ['--console-image=a.binpb']],
    ['openapi', ['--openapi-image=a.binpb', '--openapi-docs=/docs']],
    ['metrics', ['--metrics-port=0', '--metrics-token-file=token']],
  ] as const)('for what is turned off, whatever its details say: %s', (name, details) => {
    expect(combined({}, details)[name]).toBeTruthy()
    expect(combined({}, [...details, `--no-${name}`])[name]).toBe(false)
    expect(combined({ [name]: { path: '/x' } }, [...details, `--no-${name}`])[name]).toBe(false)
  })

  test('for values that mean "not set"', () => {
    const settings = { decodeBudgetBytes: 9_000 }
    expect(combined(settings, []).decodeBudgetBytes).toBe(9_000)
    expect(combined(settings, ['--decode-budget', '0']).decodeBudgetBytes).toBeUndefined()
  })
})

test.each(['cors-origin', 'allowed-host', 'tls-cert', 'tls-key'] as const)(
  'the default of %s may be an empty list',
  (name) => {
    expect(serveTables({ defaults: { [name]: [] } }).server[name]?.default).toEqual([])
  },
)

test('every option of the server sets an option of createApp', async () => {
  const texts = { host: '127.0.0.1', 'tls-cert': 'c', 'tls-key': 'k' } as Readonly<Record<string, string>>
  const values = Object.fromEntries(
    Object.entries<Option<unknown>>(optionTable).map(([name, { default: fallback, kind }]) => [
      name,
      fallback ?? texts[name] ?? (kind.placeholder === 'N' ? 1 : 'x'),
    ]),
  )
  const options = appOptionsOf(
    {},
    { values: { ...values, 'decode-budget': 1 } as unknown as OptionValues, given: new Set() },
  )
  expect(optionFaults({ ...options, routes: () => {} }, APP_SHAPE)).toEqual([])
})
