import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Config } from '../../../../server/config/config.ts'
import { loadConfig } from '../../../../server/config/load-config.ts'
import { DEFAULT_PROCESS_BUFFER_BYTES } from '../../../../wire/http2/http2.ts'

describe('values', () => {
  test('without flags and variables everything has its default', () => {
    expect(configOf([])).toEqual({
      listen: { port: 8080, host: '127.0.0.1', allowedHosts: null, tls: null },
      log: { level: 'info', format: 'auto' },
      cors: { origins: [] },
      services: { servesReflection: true, servesHealth: true, servesPage: true, lane: 'native', hasBrotli: false },
      limits: {
        maxReceiveBytes: 4 * 1024 * 1024,
        decodeBudgetBytes: 0,
        maxSendBytes: 2 ** 31 - 1,
        maxConcurrentStreams: 100,
        resetBurst: 200,
        maxHeaderListBytes: 16 * 1024,
        maxConnections: 10_000,
        maxConnectionsPerAddress: 0,
        processBufferBytes: DEFAULT_PROCESS_BUFFER_BYTES,
      },
      timeouts: {
        handshakeMs: 5_000,
        headerMs: 10_000,
        stallMs: 60_000,
        requestMs: 30_000,
        keepAliveMs: 72_000,
        idleMs: 300_000,
        maxCallMs: 86_400_000,
      },
      drain: { delayMs: 0, timeoutMs: 25_000 },
    })
  })

  /** Each option set to something that is not its default, by flag and by variable, and where it must then show. */
  const settings: readonly (readonly [
    flag: string,
    variable: string,
    text: string,
    Partial<Record<keyof Config, object>>,
  ])[] = [
    ['port', 'PORT', '0', { listen: { port: 0 } }],
    ['host', 'HOST', '::', { listen: { host: '::' } }],
    ['allowed-host', 'PORTICO_ALLOWED_HOST', 'true', { listen: { allowedHosts: true } }],
    [
      'allowed-host',
      'PORTICO_ALLOWED_HOST',
      'a.example,.b.example',
      { listen: { allowedHosts: ['a.example', '.b.example'] } },
    ],
    ['log-level', 'LOG_LEVEL', 'debug', { log: { level: 'debug' } }],
    ['log-format', 'PORTICO_LOG_FORMAT', 'json', { log: { format: 'json' } }],
    ['cors-origin', 'PORTICO_CORS_ORIGIN', 'http://a,http://b', { cors: { origins: ['http://a', 'http://b'] } }],
    ['reflection', 'PORTICO_REFLECTION', 'false', { services: { servesReflection: false } }],
    ['health', 'PORTICO_HEALTH', 'false', { services: { servesHealth: false } }],
    ['page', 'PORTICO_PAGE', '0', { services: { servesPage: false } }],
    ['lane', 'PORTICO_LANE', 'reference', { services: { lane: 'reference' } }],
    ['brotli', 'PORTICO_BROTLI', 'true', { services: { hasBrotli: true } }],
    ['max-receive', 'PORTICO_MAX_RECEIVE', '1MiB', { limits: { maxReceiveBytes: 1_048_576 } }],
    ['decode-budget', 'PORTICO_DECODE_BUDGET', '64MiB', { limits: { decodeBudgetBytes: 67_108_864 } }],
    ['max-send', 'PORTICO_MAX_SEND', '1', { limits: { maxSendBytes: 1 } }],
    ['max-concurrent-streams', 'PORTICO_MAX_CONCURRENT_STREAMS', '7', { limits: { maxConcurrentStreams: 7 } }],
    ['max-header-list', 'PORTICO_MAX_HEADER_LIST', '8KiB', { limits: { maxHeaderListBytes: 8_192 } }],
    ['max-connections', 'PORTICO_MAX_CONNECTIONS', '3', { limits: { maxConnections: 3 } }],
    [
      'max-connections-per-address',
      'PORTICO_MAX_CONNECTIONS_PER_ADDRESS',
      '3',
      { limits: { maxConnectionsPerAddress: 3 } },
    ],
    ['process-buffer', 'PORTICO_PROCESS_BUFFER', '64MiB', { limits: { processBufferBytes: 67_108_864 } }],
    ['handshake-timeout', 'PORTICO_HANDSHAKE_TIMEOUT', '1s', { timeouts: { handshakeMs: 1_000 } }],
    ['header-timeout', 'PORTICO_HEADER_TIMEOUT', '2s', { timeouts: { headerMs: 2_000 } }],
    ['stall-timeout', 'PORTICO_STALL_TIMEOUT', '0', { timeouts: { stallMs: 0 } }],
    ['request-timeout', 'PORTICO_REQUEST_TIMEOUT', '0', { timeouts: { requestMs: 0 } }],
    ['keep-alive-timeout', 'PORTICO_KEEP_ALIVE_TIMEOUT', '5s', { timeouts: { keepAliveMs: 5_000 } }],
    ['idle-timeout', 'PORTICO_IDLE_TIMEOUT', '0', { timeouts: { idleMs: 0 } }],
    ['reset-burst', 'PORTICO_RESET_BURST', '500', { limits: { resetBurst: 500 } }],
    ['max-timeout', 'PORTICO_MAX_TIMEOUT', '1h', { timeouts: { maxCallMs: 3_600_000 } }],
    ['drain-delay', 'PORTICO_DRAIN_DELAY', '5s', { drain: { delayMs: 5_000 } }],
    ['drain-timeout', 'PORTICO_DRAIN_TIMEOUT', '200ms', { drain: { timeoutMs: 200 } }],
  ]

  test.each(settings)('--%s and %s set the same', (flag, variable, text, expected) => {
    expect(configOf([`--${flag}=${text}`])).toMatchObject(expected)
    expect(configOf([], { [variable]: text })).toMatchObject(expected)
  })

  test('the command line comes before the environment, the environment before the default', () => {
    const env = { PORT: '1000', HOST: '0.0.0.0' }
    expect(configOf(['--port', '2000'], env).listen).toMatchObject({ port: 2000, host: '0.0.0.0' })
  })

  test('an empty variable counts as not set', () => {
    expect(configOf([], { PORT: '', PORTICO_TLS_CERT: '' }).listen).toMatchObject({ port: 8080, tls: null })
  })

  test('variables of others are left alone', () => {
    expect(configOf([], { PATH: '/bin', LEVEL: 'x', MY_PORTICO_X: '1' })).toEqual(configOf([]))
  })

  test('of a flag given twice the last counts', () => {
    expect(configOf(['--port', '1', '--port=2']).listen.port).toBe(2)
    expect(configOf(['--no-page', '--page']).services.servesPage).toBe(true)
  })

  test('a list flag adds up, and replaces the list of the environment', () => {
    const config = configOf(['--cors-origin', 'http://a', '--cors-origin=http://b'], {
      PORTICO_CORS_ORIGIN: 'http://c',
    })
    expect(config.cors.origins).toEqual(['http://a', 'http://b'])
  })

  test('TLS takes its files, and cleartext beside it when that is wished', () => {
    const files = ['--tls-cert', 'c.pem', '--tls-key', 'k.pem']
    const tls = {
      certificates: [{ certPath: 'c.pem', keyPath: 'k.pem' }],
      passphrasePath: null,
      caPath: null,
      minVersion: '1.2',
      allowsCleartext: false,
    }
    expect(configOf(files).listen.tls).toEqual(tls)
    expect(configOf([...files, '--tls-ca', 'ca.pem', '--cleartext']).listen.tls).toEqual({
      ...tls,
      caPath: 'ca.pem',
      allowsCleartext: true,
    })
    expect(configOf(['--cleartext']).listen.tls).toBeNull()
    const more = ['--tls-cert', 'd.pem', '--tls-key=l.pem', '--tls-passphrase-file', 'p', '--tls-min-version', '1.3']
    expect(configOf([...files, ...more]).listen.tls).toEqual({
      ...tls,
      certificates: [...tls.certificates, { certPath: 'd.pem', keyPath: 'l.pem' }],
      passphrasePath: 'p',
      minVersion: '1.3',
    })
    expect(configOf([], { PORTICO_TLS_CERT: 'c.pem,d.pem', PORTICO_TLS_KEY: 'k.pem,l.pem' }).listen.tls).toMatchObject({
      certificates: [...tls.certificates, { certPath: 'd.pem', keyPath: 'l.pem' }],
    })
  })

  test('nothing of it can be changed', () => {
    const files = ['--tls-cert', 'c.pem', '--tls-key', 'k.pem', '--cors-origin', 'http://a']
    expect(unfrozenParts(configOf([]))).toEqual([])
    expect(unfrozenParts(configOf(files))).toEqual([])
  })

  test('the inputs are left as they are', () => {
    const argv = Object.freeze(['--port', '1', '--no-page'])
    const env = Object.freeze({ HOST: '::1' })
    expect(configOf(argv, env).listen).toMatchObject({ port: 1, host: '::1' })
  })
})

describe('faults', () => {
  test('all are told at once, each with option, value, source and range', () => {
    const argv = ['--port', '99999', '--stall-timeout', '5', '--no-pgae']
    const env = { LOG_LEVEL: 'loud', PORTICO_CORS_ORIGIN: 'http://a,*', PORTICO_LANES: 'x' }
    expect(faultsOf(argv, env)).toEqual([
      '--no-pgae: no such option; did you mean --no-page?',
      'PORTICO_LANES: no such environment variable; did you mean PORTICO_LANE?',
      '--port: "99999" (from the command line) must be a whole number from 0 to 65535',
      '--log-level: "loud" (from LOG_LEVEL) must be one of trace, debug, info, warn, error, fatal, silent',
      '--cors-origin: "*" (from PORTICO_CORS_ORIGIN) must be an origin as browsers send it: scheme://host[:port], lower case, no default port, no path, no "*"',
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
    [['8080'], '"8080": is no option; options start with "--"'],
    [['-p'], '"-p": is no option; options start with "--"'],
    [['--port'], '--port: has no value; it must be a whole number from 0 to 65535'],
    [['--port', '--page'], '--port: has no value; it must be a whole number from 0 to 65535'],
    [['--port='], '--port: "" (from the command line) must be a whole number from 0 to 65535'],
    [['--port', '-1'], '--port: "-1" (from the command line) must be a whole number from 0 to 65535'],
    [['--page=maybe'], '--page: "maybe" (from the command line) must be true, false, 1 or 0'],
    [['--lane', 'fast'], '--lane: "fast" (from the command line) must be one of native, reference'],
    [
      ['--max-receive', '2GiB'],
      '--max-receive: "2GiB" (from the command line) must be a size from 1B to 2147483647B, such as 4MiB',
    ],
  ])('%j', (argv, fault) => {
    expect(faultsOf(argv)).toEqual([fault])
  })

  test('a mistyped variable is found across the missing prefix, and its value, maybe a secret, is not shown', () => {
    expect(faultsOf([], { PORTICO_PORT: '8080' })).toEqual([
      'PORTICO_PORT: no such environment variable; did you mean PORT?',
    ])
    expect(faultsOf([], { PORTICO_API_PASSWORD: 'hunter2' })).toEqual([
      'PORTICO_API_PASSWORD: no such environment variable; --help lists them',
    ])
  })

  test('what Kubernetes sets for a Service named portico is no fault', () => {
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
    expect(configOf([], env)).toEqual(configOf([]))
  })

  test('a variable of the client program is no fault', () => {
    expect(configOf([], { PORTICO_ADDRESS: 'http://10.0.0.1:8080' })).toEqual(configOf([]))
  })

  test('a value is quoted so that it stays on its line, and cut short', () => {
    const [fault = ''] = faultsOf([], { HOST: `evil\n\u001b[31m${'x'.repeat(1_000)}` })
    expect(fault).toContain('"evil\\n\\u001b[31mxxx')
    expect(fault.length).toBeLessThan(250)
  })

  test.each([
    [['--tls-cert=c'], {}, '--tls-cert "c" (from the command line) needs --tls-key'],
    [[], { PORTICO_TLS_KEY: 'k' }, '--tls-key "k" (from PORTICO_TLS_KEY) needs --tls-cert'],
    [['--tls-ca=a'], {}, '--tls-ca "a" (from the command line) needs --tls-cert and --tls-key'],
    // Whoever says this believes that the port is protected.
    [
      ['--no-cleartext'],
      {},
      '--cleartext "false" (from the command line) needs --tls-cert and --tls-key: without TLS there is only cleartext',
    ],
    [['--header-timeout=40s'], {}, '--header-timeout 40s must not be above --request-timeout 30s'],
  ])('options that do not go together: %j %j', (argv, env, fault) => {
    expect(faultsOf(argv, env)).toEqual([fault])
  })

  test('a request timeout that is off is above every header timeout', () => {
    expect(configOf(['--header-timeout=5m', '--request-timeout=0']).timeouts).toMatchObject({ headerMs: 300_000 })
  })

  test('a value with a fault brings no second one', () => {
    expect(faultsOf(['--tls-cert=', '--tls-key=k', '--request-timeout=5', '--header-timeout=40s'])).toEqual([
      '--tls-cert: "" (from the command line) must be the path of a file',
      '--request-timeout: "5" (from the command line) must be 0 (off) or a duration from 100ms to 1h',
    ])
  })
})

describe('texts', () => {
  test.each([['--help'], ['-h']])('%s comes before any fault', (flag) => {
    const result = loadConfig(['--bogus', flag], { PORT: 'x' })
    expect(result).toMatchObject({ kind: 'text', text: expect.stringContaining('Usage: node server') })
  })

  test.each([['--version'], ['-v']])('%s is that of the package', (flag) => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
    expect(loadConfig([flag], {})).toEqual({ kind: 'text', text: manifest.version })
  })
})

function configOf(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Config {
  const result = loadConfig(argv, env)
  if (result.kind !== 'config') throw new Error(`no configuration: ${JSON.stringify(result)}`)
  return result.config
}

function faultsOf(argv: readonly string[], env: NodeJS.ProcessEnv = {}): readonly string[] {
  const result = loadConfig(argv, env)
  return result.kind === 'faults' ? result.faults : []
}

function unfrozenParts(value: unknown, path = 'config'): string[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.entries(value).flatMap(([name, part]) => unfrozenParts(part, `${path}.${name}`))
  return Object.isFrozen(value) ? inner : [path, ...inner]
}
