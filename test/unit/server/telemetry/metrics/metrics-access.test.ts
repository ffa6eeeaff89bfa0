import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { configureAccess } from '../../../../../server/telemetry/metrics/metrics-access.ts'
import { temporaryFile } from '../../../../support/temporary-file.ts'

const NO_OPTIONS = { authorize: undefined, tokenFile: undefined, hasOwnPort: false }

test.each([
  { address: '127.0.0.1', refusal: null },
  { address: '127.8.9.1', refusal: null },
  { address: '::1', refusal: null },
  { address: '::ffff:127.0.0.1', refusal: null },
  { address: '', refusal: null },
  { address: '192.0.2.1', refusal: 'forbidden' },
  { address: '::ffff:192.0.2.1', refusal: 'forbidden' },
  { address: '2001:db8::1', refusal: 'forbidden' },
  { address: 'not an address', refusal: 'forbidden' },
])('by default only callers on this machine may read: $address', async ({ address, refusal }) => {
  const { access } = configureAccess(NO_OPTIONS)
  expect(await access({ address, headers: {} })).toBe(refusal)
  const ownPort = configureAccess({ ...NO_OPTIONS, hasOwnPort: true })
  expect(await ownPort.access({ address, headers: {} })).toBeNull()
})

test.each(['forwarded', 'x-forwarded-for', 'via'])('a proxy on this machine is not the caller: %s', async (name) => {
  const { access } = configureAccess(NO_OPTIONS)
  expect(await access({ address: '127.0.0.1', headers: { [name]: '1' } })).toBe('forbidden')
})

test('a token is needed wherever the caller is, and read again on a reload', async () => {
  const tokenFile = await temporaryFile('token', ' first\n')
  const { access, reload } = configureAccess({ ...NO_OPTIONS, tokenFile })
  const read = (authorization?: string, address = '192.0.2.1') =>
    access({ address, headers: authorization === undefined ? {} : { authorization } })
  expect(await read('Bearer first')).toBeNull()
  expect(await read('bearer   first')).toBeNull()
  for (const wrong of [undefined, 'Bearer', 'Bearer firs', 'Bearer first x', 'Basic first', 'first'])
    expect(await read(wrong, '127.0.0.1')).toBe('token')
  await writeFile(tokenFile, 'second')
  reload?.()
  expect(await read('Bearer first')).toBe('token')
  expect(await read('Bearer second')).toBeNull()
  await writeFile(tokenFile, '\n')
  expect(reload).toThrow('is empty')
  expect(await read('Bearer second')).toBeNull()
})

test('authorize decides after the token, in place of the address', async () => {
  const authorize = async ({ headers }: { headers: Record<string, unknown> }) => headers['x-team'] === 'ops'
  const { access } = configureAccess({ ...NO_OPTIONS, authorize })
  expect(await access({ address: '192.0.2.1', headers: { 'x-team': 'ops' } })).toBeNull()
  expect(await access({ address: '127.0.0.1', headers: {} })).toBe('forbidden')
  const tokenFile = await temporaryFile('token', 'x')
  const both = configureAccess({ ...NO_OPTIONS, authorize, tokenFile }).access
  expect(await both({ address: '', headers: { 'x-team': 'ops' } })).toBe('token')
  expect(await both({ address: '', headers: { authorization: 'Bearer x' } })).toBe('forbidden')
  expect(await both({ address: '', headers: { authorization: 'Bearer x', 'x-team': 'ops' } })).toBeNull()
})

test('a file without a token, or no file, ends the start', async () => {
  const tokenFile = await temporaryFile('token', '\n')
  expect(() => configureAccess({ ...NO_OPTIONS, tokenFile })).toThrow('is empty')
  expect(() => configureAccess({ ...NO_OPTIONS, tokenFile: `${tokenFile}.gone` })).toThrow('ENOENT')
})
