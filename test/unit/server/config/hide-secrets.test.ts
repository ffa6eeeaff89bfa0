import { expect, test } from 'vitest'
import { shownValue } from '../../../../server/config/hide-secrets.ts'

test.each([
  ['database-url', 'postgres://shop:hunter2@db.example/shop', 'postgres://***@db.example/shop'],
  ['database-url', 'postgres://shop:a@b/c@db.example/shop?x=1', 'postgres://***@db.example/shop?x=1'],
  ['redis', 'redis://:hunter2@cache:6379/0', 'redis://***@cache:6379/0'],
  ['hook', 'https://TOKEN@hooks.example/x', 'https://***@hooks.example/x'],
  ['urls', 'amqp://a:b@one,amqp://c:d@two', 'amqp://***@two'],
  [
    'callback',
    'https://api.example/x?user=ada&access_token=abc&y=1',
    'https://api.example/x?user=ada&access_token=***&y=1',
  ],
  ['connection', 'host=db password=hunter2 dbname=shop', 'host=db password=*** dbname=shop'],
  ['connection', 'Server=db;Pwd=hunter2;Database=shop', 'Server=db;Pwd=***;Database=shop'],
  ['api-key', 'abc', '***'],
  ['apiToken', 'abc', '***'],
  ['listen.tls.key', '-----BEGIN PRIVATE KEY-----', '***'],
  ['listen.tls.passphrase', 'abc', '***'],
  ['cookie-secret', 'abc', '***'],
  ['jwt-private-key', 'abc', '***'],
])('%s: %s is shown as %s', (name, value, shown) => {
  expect(shownValue(name, value)).toBe(shown)
})

test.each([
  ['tls-key', '/etc/shop/key.pem', '***'],
  ['listen.tls.keyFile', '/etc/shop/key.pem', '/etc/shop/key.pem'],
  ['tls-passphrase-file', '/etc/shop/passphrase', '/etc/shop/passphrase'],
  ['keep-alive-timeout', '72s', '72s'],
  ['token-url', 'https://login.example/token', 'https://login.example/token'],
  ['monkey', 'business', 'business'],
  ['api-key', '', ''],
  ['mail', 'ada@example.org', 'ada@example.org'],
])('%s: %s is no secret beyond what is needed: %s', (name, value, shown) => {
  expect(shownValue(name, value)).toBe(shown)
})

test('long values are cut', () => {
  expect(shownValue('note', 'x'.repeat(5_000))).toHaveLength(1_003)
})
