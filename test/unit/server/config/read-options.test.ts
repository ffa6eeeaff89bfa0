import { describe, expect, test } from 'vitest'
import { type OptionValues, optionTable } from '../../../../server/config/option-table.ts'
import { readOptions } from '../../../../server/config/read-options.ts'
import { DEFAULT_PROCESS_BUFFER_BYTES } from '../../../../wire/http2/http2.ts'

describe('values', () => {
  test('without flags and variables everything has its default', () => {
    expect(valuesOf([])).toEqual({
      port: 8080,
      workers: 1,
      admin: false,
      advertise: null,
      registry: [],
      host: '127.0.0.1',
      'allowed-host': null,
      'log-level': 'info',
      'log-format': 'auto',
      'tls-cert': [],
      'tls-key': [],
      'tls-passphrase-file': null,
      'tls-ca': null,
      'tls-min-version': '1.2',
      cleartext: false,
      'cors-origin': [],
      metrics: false,
      'metrics-port': null,
      'metrics-token-file': null,
      openapi: false,
      'openapi-image': null,
      'openapi-docs': null,
      console: false,
      'console-image': null,
      reflection: true,
      telemetry: false,
      health: true,
      lane: 'native',
      codec: 'compiled',
      'max-receive': 4 * 1024 * 1024,
      'decode-budget': 0,
      'max-send': 2 ** 31 - 1,
      brotli: false,
      'max-concurrent-streams': 100,
      'reset-burst': 200,
      'max-header-list': 16 * 1024,
      'max-connections': 10_000,
      'max-connections-per-address': 0,
      'process-buffer': DEFAULT_PROCESS_BUFFER_BYTES,
      'handshake-timeout': 5_000,
      'header-timeout': 10_000,
      'stall-timeout': 60_000,
      'request-timeout': 30_000,
      'keep-alive-timeout': 72_000,
      'idle-timeout': 300_000,
      'keepalive-time': 7_200_000,
      'keepalive-timeout': 20_000,
      'keepalive-min-time': 300_000,
      'keepalive-permit-without-stream': false,
      'max-connection-age': 0,
      'max-connection-age-grace': 0,
      'max-timeout': 86_400_000,
      'default-timeout': 0,
      'drain-delay': 0,
      'drain-timeout': 25_000,
    })
  })

  /** Each option set to something that is not its default, by flag and by variable. */
  const settings: readonly (readonly [flag: keyof OptionValues, variable: string, text: string, value: unknown])[] = [
    ['port', 'PORT', '0', 0],
    ['host', 'HOST', '::', '::'],
    ['allowed-host', 'PORTICO_ALLOWED_HOST', 'true', true],
    ['advertise', 'PORTICO_ADVERTISE', 'a.example', { host: 'a.example' }],
    ['advertise', 'PORTICO_ADVERTISE', '10.0.0.7:80', { host: '10.0.0.7', port: 80 }],
    ['advertise', 'PORTICO_ADVERTISE', '2001:db8::1', { host: '2001:db8::1' }],
    ['advertise', 'PORTICO_ADVERTISE', '[2001:db8::1]:80', { host: '2001:db8::1', port: 80 }],
    ['registry', 'PORTICO_REGISTRY', 'etcd://a:1,b:2/s,nats://c/t', ['etcd://a:1,b:2/s', 'nats://c/t']],
    ['allowed-host', 'PORTICO_ALLOWED_HOST', 'a.example,.b.example', ['a.example', '.b.example']],
    ['log-level', 'LOG_LEVEL', 'debug', 'debug'],
    ['log-format', 'PORTICO_LOG_FORMAT', 'json', 'json'],
    ['cors-origin', 'PORTICO_CORS_ORIGIN', 'http://a,http://b', ['http://a', 'http://b']],
    ['cors-origin', 'PORTICO_CORS_ORIGIN', '*', true],
    ['reflection', 'PORTICO_REFLECTION', 'false', false],
    ['health', 'PORTICO_HEALTH', '0', false],
    ['lane', 'PORTICO_LANE', 'reference', 'reference'],
    ['codec', 'PORTICO_CODEC', 'reflective', 'reflective'],
    ['brotli', 'PORTICO_BROTLI', 'true', true],
    ['max-receive', 'PORTICO_MAX_RECEIVE', '1MiB', 1_048_576],
    ['decode-budget', 'PORTICO_DECODE_BUDGET', '64MiB', 67_108_864],
    ['max-send', 'PORTICO_MAX_SEND', '1', 1],
    ['max-concurrent-streams', 'PORTICO_MAX_CONCURRENT_STREAMS', '7', 7],
    ['max-header-list', 'PORTICO_MAX_HEADER_LIST', '8KiB', 8_192],
    ['max-connections', 'PORTICO_MAX_CONNECTIONS', '3', 3],
    ['max-connections-per-address', 'PORTICO_MAX_CONNECTIONS_PER_ADDRESS', '3', 3],
    ['process-buffer', 'PORTICO_PROCESS_BUFFER', '64MiB', 67_108_864],
    ['handshake-timeout', 'PORTICO_HANDSHAKE_TIMEOUT', '1s', 1_000],
    ['header-timeout', 'PORTICO_HEADER_TIMEOUT', '2s', 2_000],
    ['stall-timeout', 'PORTICO_STALL_TIMEOUT', '0', 0],
    ['request-timeout', 'PORTICO_REQUEST_TIMEOUT', '0', 0],
    ['keep-alive-timeout', 'PORTICO_KEEP_ALIVE_TIMEOUT', '5s', 5_000],
    ['idle-timeout', 'PORTICO_IDLE_TIMEOUT', '0', 0],
    ['keepalive-time', 'PORTICO_KEEPALIVE_TIME', '30s', 30_000],
    ['keepalive-timeout', 'PORTICO_KEEPALIVE_TIMEOUT', '5s', 5_000],
    ['keepalive-min-time', 'PORTICO_KEEPALIVE_MIN_TIME', '0', 0],
    ['keepalive-permit-without-stream', 'PORTICO_KEEPALIVE_PERMIT_WITHOUT_STREAM', 'true', true],
    ['max-connection-age', 'PORTICO_MAX_CONNECTION_AGE', '30m', 1_800_000],
    ['max-connection-age-grace', 'PORTICO_MAX_CONNECTION_AGE_GRACE', '1m', 60_000],
    ['reset-burst', 'PORTICO_RESET_BURST', '500', 500],
    ['max-timeout', 'PORTICO_MAX_TIMEOUT', '1h', 3_600_000],
    ['drain-delay', 'PORTICO_DRAIN_DELAY', '5s', 5_000],
    ['drain-timeout', 'PORTICO_DRAIN_TIMEOUT', '200ms', 200],
  ]

  test.each(settings)('--%s and %s set the same option', (flag, variable, text, expected) => {
    expect(valuesOf([`--${flag}=${text}`])[flag]).toEqual(expected)
    expect(valuesOf([], { [variable]: text })[flag]).toEqual(expected)
  })

  test('the command line overrides the environment, the environment the default', () => {
    const env = { PORT: '1000', HOST: '0.0.0.0' }
    expect(valuesOf(['--port', '2000'], env)).toMatchObject({ port: 2000, host: '0.0.0.0' })
  })

  test('an empty variable counts as unset', () => {
    expect(valuesOf([], { PORT: '', PORTICO_TLS_CERT: '' })).toMatchObject({ port: 8080, 'tls-cert': [] })
  })

  test("other programs' variables are ignored", () => {
    expect(valuesOf([], { PATH: '/bin', LEVEL: 'x', MY_PORTICO_X: '1' })).toEqual(valuesOf([]))
  })

  test('the last of a repeated flag applies', () => {
    expect(valuesOf(['--port', '1', '--port=2']).port).toBe(2)
    expect(valuesOf(['--no-health', '--health']).health).toBe(true)
  })

  test('a repeated list flag accumulates, and replaces the list of the environment', () => {
    const values = valuesOf(['--cors-origin', 'http://a', '--cors-origin=http://b'], {
      PORTICO_CORS_ORIGIN: 'http://c',
    })
    expect(values['cors-origin']).toEqual(['http://a', 'http://b'])
  })

  test('pairs each TLS certificate with its key', () => {
    const expected = { 'tls-cert': ['c.pem', 'd.pem'], 'tls-key': ['k.pem', 'l.pem'] }
    const flags = ['--tls-cert', 'c.pem', '--tls-key', 'k.pem', '--tls-cert', 'd.pem', '--tls-key=l.pem']
    expect(valuesOf(flags)).toMatchObject(expected)
    expect(valuesOf([], { PORTICO_TLS_CERT: 'c.pem,d.pem', PORTICO_TLS_KEY: 'k.pem,l.pem' })).toMatchObject(expected)
    const more = ['--tls-passphrase-file', 'p', '--tls-ca', 'ca.pem', '--tls-min-version', '1.3', '--cleartext']
    expect(valuesOf([...flags, ...more])).toMatchObject({
      'tls-passphrase-file': 'p',
      'tls-ca': 'ca.pem',
      'tls-min-version': '1.3',
      cleartext: true,
    })
  })

  test('the result is frozen', () => {
    const values = valuesOf(['--tls-cert', 'c.pem', '--tls-key', 'k.pem', '--cors-origin', 'http://a'])
    const parts = [values, values['tls-cert'], values['cors-origin']]
    expect(parts.filter((part) => !Object.isFrozen(part))).toEqual([])
  })

  test('the inputs are not modified', () => {
    const argv = Object.freeze(['--port', '1', '--no-health'])
    const env = Object.freeze({ HOST: '::1' })
    expect(valuesOf(argv, env)).toMatchObject({ port: 1, host: '::1', health: false })
  })
})

describe('errors', () => {
  test('all are reported at once, each with option, value, source and range', () => {
    const argv = ['--port', '99999', '--stall-timeout', '5', '--no-helth']
    const env = { LOG_LEVEL: 'loud', PORTICO_CORS_ORIGIN: 'http://a,*', PORTICO_LANES: 'x' }
    expect(faultsOf(argv, env)).toEqual([
      '--no-helth: no such option; did you mean --no-health?',
      'PORTICO_LANES: no such environment variable; did you mean PORTICO_LANE?',
      '--port: "99999" (from the command line) must be a whole number from 0 to 65535',
      '--log-level: "loud" (from LOG_LEVEL) must be one of trace, debug, info, warn, error, fatal, silent',
      '--cors-origin: "http://a,*" (from PORTICO_CORS_ORIGIN) must be "*" for all, or an origin as browsers send it: scheme://[*.]host[:port], lower case, no path or default port',
      '--stall-timeout: "5" (from the command line) must be 0 (off) or a duration from 100ms to 1h',
    ])
  })

  test.each([
    [['--prot', '80'], '--prot: no such option; did you mean --port?'],
    [['--prot=80'], '--prot: no such option; did you mean --port?'],
    [['--bogus'], '--bogus: no such option; --help lists them'],
    [['--no-port'], '--no-port: no such option; --help lists them'],
    [['--__proto__'], '--__proto__: no such option; --help lists them'],
    [['--constructor'], '--constructor: no such option; --help lists them'],
    [['8080'], '"8080": not an option; options start with "--"'],
    [['-p'], '"-p": not an option; options start with "--"'],
    [['--port'], '--port: has no value; it must be a whole number from 0 to 65535'],
    [['--port', '--health'], '--port: has no value; it must be a whole number from 0 to 65535'],
    [['--port='], '--port: "" (from the command line) must be a whole number from 0 to 65535'],
    [['--port', '-1'], '--port: "-1" (from the command line) must be a whole number from 0 to 65535'],
    [['--health=maybe'], '--health: "maybe" (from the command line) must be true, false, 1 or 0'],
    [['--lane', 'fast'], '--lane: "fast" (from the command line) must be one of native, reference'],
    [
      ['--max-receive', '2GiB'],
      '--max-receive: "2GiB" (from the command line) must be a size from 1B to 2147483647B, such as 4MiB',
    ],
  ])('%j', (argv, fault) => {
    expect(faultsOf(argv)).toEqual([fault])
  })

  test('a misspelled variable without the prefix is found, and its value, possibly a secret, is not shown', () => {
    expect(faultsOf([], { PORTICO_PORT: '8080' })).toEqual([
      'PORTICO_PORT: no such environment variable; did you mean PORT?',
    ])
    expect(faultsOf([], { PORTICO_API_PASSWORD: 'hunter2' })).toEqual([
      'PORTICO_API_PASSWORD: no such environment variable; --help lists them',
    ])
  })

  test('variables that Kubernetes sets for a Service named portico are not errors', () => {
    const env = {
      PORTICO_SERVICE_HOST: '10.0.0.1',
      PORTICO_SERVICE_PORT: '8080',
      PORTICO_SERVICE_PORT_GRPC: '8080',
      PORTICO_PORT: 'tcp://10.0.0.1:8080',
      PORTICO_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
      PORTICO_PORT_8080_TCP_PROTO: 'tcp',
      PORTICO_PORT_8080_TCP_PORT: '8080',
      PORTICO_PORT_8080_TCP_ADDR: '10.0.0.1',
      PORTICO_CANARY_SERVICE_HOST: '10.0.0.2',
      PORTICO_CANARY_PORT: 'tcp://10.0.0.2:8080',
    }
    expect(valuesOf([], env)).toEqual(valuesOf([]))
  })

  test.each(['PORTICO_ADDRESS', 'PORTICO_PACKAGE'])('%s, which another program reads, is not an error', (variable) => {
    expect(valuesOf([], { [variable]: 'x' })).toEqual(valuesOf([]))
  })

  test('a value is quoted to stay on its line, and truncated', () => {
    const [fault = ''] = faultsOf([], { HOST: `evil\n\u001b[31m${'x'.repeat(1_000)}` })
    expect(fault).toContain('"evil\\n\\u001b[31mxxx')
    expect(fault.length).toBeLessThan(250)
  })

  test.each([
    [['--tls-cert=c'], {}, '--tls-cert "c" (from the command line) needs --tls-key'],
    [[], { PORTICO_TLS_KEY: 'k' }, '--tls-key "k" (from PORTICO_TLS_KEY) needs --tls-cert'],
    [['--tls-ca=a'], {}, '--tls-ca "a" (from the command line) needs --tls-cert and --tls-key'],
    // A user of this option believes that the port is protected.
    [
      ['--no-cleartext'],
      {},
      '--cleartext "false" (from the command line) needs --tls-cert and --tls-key: without TLS there is only cleartext',
    ],
    [['--header-timeout=40s'], {}, '--header-timeout 40s must not be above --request-timeout 30s'],
    [['--drain-delay=30s'], {}, '--drain-delay 30s must be below --drain-timeout 25s, which includes it'],
    [
      ['--drain-delay=5s', '--drain-timeout=5s'],
      {},
      '--drain-delay 5s must be below --drain-timeout 5s, which includes it',
    ],
  ])('inconsistent options: %j %j', (argv, env, fault) => {
    expect(faultsOf(argv, env)).toEqual([fault])
  })

  test('a disabled request timeout exceeds every header timeout', () => {
    expect(valuesOf(['--header-timeout=5m', '--request-timeout=0'])).toMatchObject({ 'header-timeout': 300_000 })
  })

  test('an invalid value does not cause a second error', () => {
    expect(faultsOf(['--tls-cert=', '--tls-key=k', '--request-timeout=5', '--header-timeout=40s'])).toEqual([
      '--tls-cert: "" (from the command line) must be the path of a file',
      '--request-timeout: "5" (from the command line) must be 0 (off) or a duration from 100ms to 1h',
    ])
  })
})

test('a program that enables TLS in code can disable cleartext', () => {
  const input = { argv: ['--no-cleartext'], env: {} }
  expect(readOptions(optionTable, { ...input, hasOwnTls: true })).toMatchObject({ kind: 'values' })
})

test.each([
  ['--help', 'help'],
  ['-h', 'help'],
  ['--version', 'version'],
  ['-v', 'version'],
])('%s takes precedence over errors', (flag, kind) => {
  expect(readOptions(optionTable, { argv: ['--bogus', flag], env: { PORT: 'x' } })).toEqual({ kind })
})

function valuesOf(argv: readonly string[], env: NodeJS.ProcessEnv = {}): OptionValues {
  const result = readOptions(optionTable, { argv, env })
  if (result.kind !== 'values') throw new Error(`no values: ${JSON.stringify(result)}`)
  return result.values as OptionValues
}

function faultsOf(argv: readonly string[], env: NodeJS.ProcessEnv = {}): readonly string[] {
  const result = readOptions(optionTable, { argv, env })
  return result.kind === 'faults' ? result.faults : []
}
