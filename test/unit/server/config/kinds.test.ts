import { describe, expect, test } from 'vitest'
import {
  choice,
  duration,
  durationOrOff,
  host,
  integer,
  type Kind,
  optionalPath,
  optionalRoute,
  originList,
  size,
  toggle,
} from '../../../../server/config/kinds.ts'

interface Row {
  readonly kind: Kind<unknown>
  readonly good: readonly (readonly [text: string, value: unknown])[]
  readonly bad: readonly string[]
}

const MAX_DNS_LABEL = 'a'.repeat(63)

const rows: Readonly<Record<string, Row>> = {
  integer: {
    kind: integer(1, 10) as Kind<unknown>,
    good: [
      ['1', 1],
      ['10', 10],
      ['007', 7],
    ],
    bad: ['', '0', '11', '-1', '1.0', '1e1', '0x5', ' 5', 'five', 'NaN', '99999999999999999999'],
  },
  duration: {
    kind: duration(100, 60_000) as Kind<unknown>,
    good: [
      ['100ms', 100],
      ['1m', 60_000],
    ],
    bad: ['', '0', '0s', '99ms', '61s', '2m', '5', 'soon'],
  },
  'duration from 0': { kind: duration(0, 1_000) as Kind<unknown>, good: [['0', 0]], bad: ['1001ms', '1'] },
  'duration or off': {
    kind: durationOrOff(100, 60_000) as Kind<unknown>,
    good: [
      ['0', 0],
      ['0s', 0],
      ['100ms', 100],
    ],
    bad: ['1ms', '99ms', '61s', 'off', '-1s'],
  },
  size: {
    kind: size(1_024, 1_048_576) as Kind<unknown>,
    good: [
      ['1024', 1_024],
      ['1KiB', 1_024],
      ['1MiB', 1_048_576],
    ],
    bad: ['', '1023', '1GiB', '1KB', 'big'],
  },
  toggle: {
    kind: toggle as Kind<unknown>,
    good: [
      ['true', true],
      ['1', true],
      ['false', false],
      ['0', false],
    ],
    bad: ['', 'yes', 'TRUE', '2', 'off'],
  },
  choice: {
    kind: choice(['red', 'green']) as Kind<unknown>,
    good: [
      ['red', 'red'],
      ['green', 'green'],
    ],
    bad: ['', 'Red', 'blue', 'red,green'],
  },
  path: {
    kind: optionalPath as Kind<unknown>,
    good: [
      ['/etc/tls/cert.pem', '/etc/tls/cert.pem'],
      ['my cert.pem', 'my cert.pem'],
    ],
    bad: ['', 'a\0b'],
  },
  route: {
    kind: optionalRoute as Kind<unknown>,
    good: [
      ['/docs', '/docs'],
      ['/api/v1.docs', '/api/v1.docs'],
    ],
    bad: ['', '/', 'docs', '/docs/', '/:page', '/*', '/a b', '//docs'],
  },
  host: {
    kind: host as Kind<unknown>,
    good: [
      ['127.0.0.1', '127.0.0.1'],
      ['::1', '::1'],
      ['fe80::1%eth0', 'fe80::1%eth0'],
      ['localhost', 'localhost'],
      ['my_service.internal.', 'my_service.internal.'],
      [`${MAX_DNS_LABEL}.example`, `${MAX_DNS_LABEL}.example`],
    ],
    bad: [
      '',
      '[::1]',
      '127.0.0.256',
      '1234',
      '-a.example',
      'a-.example',
      'a..b',
      'a b',
      'http://a',
      'a:80',
      `a${MAX_DNS_LABEL}.b`,
    ],
  },
  origins: {
    kind: originList as Kind<unknown>,
    good: [
      ['https://a.example', ['https://a.example']],
      ['http://localhost:5173, https://a.example', ['http://localhost:5173', 'https://a.example']],
      ['https://a.example,https://a.example', ['https://a.example']],
      ['http://[::1]:8080', ['http://[::1]:8080']],
      ['https://*.a.example', ['https://*.a.example']],
      ['*', true],
      ['chrome-extension://abcdef', ['chrome-extension://abcdef']],
    ],
    bad: [
      '',
      'null',
      '*,https://a.example',
      'https://*',
      'https://*a.example',
      'https://a.*.example',
      'https://*.*.example',
      'https://*.example/',
      '*.example',
      'a.example',
      'https://a.example/',
      'https://a.example/path',
      'https://a.example?q',
      'https://A.example',
      'https://a.example:443',
      'https://user@a.example',
      'file://',
    ],
  },
}

describe.each(Object.entries(rows))('%s', (_, { kind, good, bad }) => {
  test.each(good)('reads %j', (text, value) => {
    expect(kind.parse(text)).toEqual({ value })
  })

  test.each(bad)('rejects %j', (text) => {
    expect(kind.parse(text)).toEqual({ bad: text })
  })

  test.each(good)('parses what it prints for %j', (_text, value) => {
    const printed = kind.print(value).replace(' (off)', '')
    expect(kind.parse(printed)).toEqual({ value })
  })
})

test('a list reports the one invalid value', () => {
  expect(originList.parse('https://a.example,null,https://b.example')).toEqual({ bad: 'null' })
})
