/** Paths that only resemble that of a method. */
import { SAY_HELLO } from './calls.ts'

/** Paths that a proxy may confuse with that of SayHello, or with another. */
export const LOOK_ALIKES: readonly string[] = [
  ...['', '/', '/x', '//x', '/..', '/.', '/%2e%2e', '/;x', '/ ', '/%20', '/\t', '/%00', '/%', '/%zz', '#x'].map(
    (end) => SAY_HELLO + end,
  ),
  ...[
    '/',
    '/./',
    '/../',
    '/x/../',
    '/%2e/',
    '/x/%2e%2e/',
    '/;x/',
    '//',
    '/%2f',
    '/\\',
    '/api',
    '/http://localhost',
  ].map((start) => start + SAY_HELLO),
  ...[
    '%2f',
    '%2F',
    '%5c',
    '\\',
    '//',
    '/./',
    '/x/../',
    '/;/',
    ';/',
    '.',
    ':',
    '%252f',
    '%c0%af',
    '\u00ef\u00bc\u008f',
  ].map((slash) => SAY_HELLO.replace(/\/(?=[^/]*$)/, slash)),
  ...[
    'greeter.v1.greeterservice/SayHello',
    'greeter.v1.GreeterService/sayhello',
    'GREETER.V1.GREETERSERVICE/SAYHELLO',
  ].map((path) => `/${path}`),
  ...[
    'greeter.v1%2eGreeterService/SayHello',
    'greeter.v1.GreeterService/Say%48ello',
    '%67reeter.v1.GreeterService/SayHello',
  ].map((path) => `/${path}`),
  ...['.greeter.v1.GreeterService/SayHello', 'v1.GreeterService/SayHello', 'GreeterService/SayHello', 'SayHello'].map(
    (path) => `/${path}`,
  ),
  ...['greeter.v1.GreeterService.SayHello', 'greeter.v1.GreeterService', 'greeter.v1.GreeterService/'].map(
    (path) => `/${path}`,
  ),
  ...['__proto__', 'constructor', 'constructor/constructor', 'toString', 'hasOwnProperty/call'].map(
    (path) => `/${path}`,
  ),
].filter((path) => path !== SAY_HELLO)
