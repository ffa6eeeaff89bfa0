import { copyFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { readTls } from '../../../../../client/node/tls/read-tls.ts'
import type { TlsOptions } from '../../../../../client/node/tls/tls-options.ts'
import { TlsSource } from '../../../../../client/node/tls/tls-source.ts'
import { testCertificates } from '../../../../support/certificates.ts'
import { temporaryFile } from '../../../../support/temporary-file.ts'

const { ca, server, client } = await testCertificates()

/** A source for certificate files of a client, and its warnings. */
async function startSource() {
  const certFile = await temporaryFile('cert.pem', client.cert)
  const keyFile = await temporaryFile('key.pem', client.key)
  const faults: string[] = []
  const clock = { nowMs: 0 }
  const source = new TlsSource(
    { certFile, keyFile },
    { now: () => clock.nowMs, onFault: ({ message }) => faults.push(message) },
  )
  return { source, certFile, keyFile, faults, clock }
}

test('reads unchanged files once', async () => {
  const { source, clock } = await startSource()
  const first = source.secureContext()
  clock.nowMs += 10_000
  expect(source.secureContext()).toBe(first)
})

test('reads changed files again, but not within a second', async () => {
  const { source, clock, certFile, keyFile } = await startSource()
  const first = source.secureContext()
  await writeFile(certFile, server.cert)
  await writeFile(keyFile, server.key)
  clock.nowMs += 999
  expect(source.secureContext()).toBe(first)
  clock.nowMs += 1
  const second = source.secureContext()
  expect(second).not.toBe(first)
  clock.nowMs += 1_000
  expect(source.secureContext()).toBe(second)
})

test('reads a file again that was replaced by one of the same time and size', async () => {
  const { source, clock, certFile } = await startSource()
  const first = source.secureContext()
  const fixed = new Date(1_000_000)
  await utimes(certFile, fixed, fixed)
  clock.nowMs += 1_000
  const second = source.secureContext()
  expect(second).not.toBe(first)
  await copyFile(certFile, `${certFile}.new`)
  await utimes(`${certFile}.new`, fixed, fixed)
  await rename(`${certFile}.new`, certFile)
  clock.nowMs += 1_000
  expect(source.secureContext()).not.toBe(second)
})

test('AU-6 invalid files are reported once, and the last valid ones stay in use until fixed', async () => {
  const { source, clock, certFile, keyFile, faults } = await startSource()
  const first = source.secureContext()
  await writeFile(certFile, server.cert)
  for (let look = 0; look < 3; look++) {
    clock.nowMs += 1_000
    expect(source.secureContext()).toBe(first)
  }
  expect(faults).toEqual([
    expect.stringMatching(`the key must be that of the certificate: see ${certFile}, ${keyFile}`),
  ])
  await rm(keyFile)
  clock.nowMs += 1_000
  expect(source.secureContext()).toBe(first)
  expect(faults[1]).toBe(`tls.keyFile is "${keyFile}", and must be a file that can be read`)
  await writeFile(keyFile, server.key)
  clock.nowMs += 1_000
  expect(source.secureContext()).not.toBe(first)
  expect(faults).toHaveLength(2)
})

test('AU-6 a file that cannot be stat-ed is like one that cannot be read', async () => {
  const { source, clock, keyFile, faults } = await startSource()
  const first = source.secureContext()
  await rm(keyFile)
  await symlink(keyFile, keyFile)
  clock.nowMs += 1_000
  expect(source.secureContext()).toBe(first)
  expect(faults).toEqual([`tls.keyFile is "${keyFile}", and must be a file that can be read`])
  await rm(keyFile)
  await writeFile(keyFile, client.key)
  clock.nowMs += 1_000
  expect(source.secureContext()).not.toBe(first)
})

test.each<[string, TlsOptions]>([
  ['tls.caFile is "/nowhere/ca.pem", and must be a file that can be read', { caFile: '/nowhere/ca.pem' }],
  ['tls.ca and tls.caFile must not both be given', { ca, caFile: '/nowhere/ca.pem' }],
  ['tls.cert and tls.key must come together', { certFile: '/nowhere/cert.pem' }],
  ['tls.cert and tls.key must come together', { key: client.key }],
  ['tls.ca, tls.cert and tls.key must be PEM', { ca: '' }],
  ['tls.ca, tls.cert and tls.key must be PEM', { ca: 'trust me' }],
  ['tls.ca, tls.cert and tls.key must be PEM', { ca: ca.replace(/\n.{64}/, '\nAAAA') }],
  ['tls.ca, tls.cert and tls.key must be PEM', { cert: client.cert, key: server.key }],
])('%s', (fault, options) => {
  expect(() => readTls(options)).toThrow(fault)
})

test('a CA file may contain several certificates, with text between them', () => {
  expect(() => readTls({ ca: `first: ok\n${ca}\nsecond\n${ca}`, cert: client.cert, key: client.key })).not.toThrow()
})
