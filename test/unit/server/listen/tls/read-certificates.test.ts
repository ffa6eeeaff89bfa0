import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { normalizeTlsOptions } from '../../../../../server/listen/tls/normalize-tls-options.ts'
import { type Certificates, readCertificates } from '../../../../../server/listen/tls/read-certificates.ts'
import type { TlsOptions } from '../../../../../server/listen/tls/tls-options.ts'
import { testCertificates } from '../../../../support/certificates.ts'

let directory: string
let cert: string
let key: string
let otherKey: string
let encryptedKey: string
const keyed = { cert: '', encryptedKey: '' }

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'read-tls-files-'))
  const pems = await generate([{ name: 'commonName', value: 'localhost' }])
  cert = pems.cert
  key = pems.private
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  otherKey = privateKey.export({ type: 'pkcs8', format: 'pem' })
  encryptedKey = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
  keyed.cert = cert
  keyed.encryptedKey = createPrivateKey(key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'secret',
  }) as string
})

afterAll(async () => {
  await rm(directory, { recursive: true })
})

test('the files are returned unchanged', async () => {
  const tls = await files({ cert, key, ca: cert })
  expect(await read(tls)).toMatchObject({ certificates: [{ cert, key }], ca: cert })
})

test('no CAs are read if none are configured', async () => {
  const tls = await files({ cert, key })
  expect((await read(tls)).ca).toBeUndefined()
})

test('a certificate serves its own names, unless listed otherwise', async () => {
  const { signFor } = await testCertificates()
  const signed = await signFor('A.example', '*.b.example', '127.0.0.1')
  expect((await read(signed)).certificates[0]?.serverNames).toEqual(['a.example', '*.b.example'])
  const named = { ...signed, serverNames: ['C.example'] }
  expect((await read(named)).certificates[0]?.serverNames).toEqual(['c.example'])
  const old = await generate([{ name: 'commonName', value: 'old.example' }], { extensions: [] })
  expect((await read({ cert: old.cert, key: old.private })).certificates[0]?.serverNames).toEqual(['old.example'])
})

test.each(['secret', 'secret\n', 'secret\r\n'])(
  'a passphrase, from options or a file, decrypts the key: %j',
  async (text) => {
    const tls = { cert: keyed.cert, key: keyed.encryptedKey }
    const passphraseFile = join(directory, 'passphrase')
    await writeFile(passphraseFile, text)
    expect((await read({ ...tls, passphraseFile })).certificates[0]?.passphrase).toBe('secret')
    expect((await read({ ...tls, passphrase: 'secret' })).certificates[0]?.passphrase).toBe('secret')
  },
)

test('reloads files that changed on disk', async () => {
  const tls = await files({ cert, key })
  await read(tls)
  const renewed = await generate([{ name: 'commonName', value: 'localhost' }])
  await files({ cert: renewed.cert, key: renewed.private })
  expect(await read(tls)).toMatchObject({ certificates: [{ cert: renewed.cert, key: renewed.private }] })
})

describe('errors name the option, the path and what is wrong', () => {
  test('a missing file', async () => {
    const tls = { ...(await files({ cert, key })), keyFile: join(directory, 'absent.pem') }
    await expect(read(tls)).rejects.toThrow(`--tls-key "${tls.keyFile}" cannot be read (ENOENT)`)
  })

  test('a directory', async () => {
    const tls = { ...(await files({ cert, key })), certFile: directory }
    await expect(read(tls)).rejects.toThrow(`--tls-cert "${directory}" cannot be read (EISDIR)`)
  })

  test('swapped certificate and key', async () => {
    const tls = await files({ cert: key, key: cert })
    await expect(read(tls)).rejects.toThrow(`--tls-cert "${tls.certFile}" contains no PEM certificate`)
  })

  test('an invalid certificate after a valid one', async () => {
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
    const tls = await files({ cert: cert + broken, key })
    await expect(read(tls)).rejects.toThrow(`--tls-cert "${tls.certFile}" contains an unreadable certificate`)
  })

  test('no key', async () => {
    const tls = await files({ cert, key: cert })
    await expect(read(tls)).rejects.toThrow(`--tls-key "${tls.keyFile}" contains no PEM private key`)
  })

  test('an encrypted key without passphrase', async () => {
    const tls = await files({ cert, key: encryptedKey })
    await expect(read(tls)).rejects.toThrow('without a passphrase')
  })

  test('a wrong passphrase', async () => {
    const tls = { ...(await files({ cert, key: keyed.encryptedKey })), passphrase: 'wrong' }
    await expect(read(tls)).rejects.toThrow('that can be read with its passphrase')
  })

  test('a key of another certificate', async () => {
    const tls = await files({ cert, key: otherKey })
    await expect(read(tls)).rejects.toThrow(
      `--tls-key "${tls.keyFile}" does not match the certificate in "${tls.certFile}"`,
    )
  })

  test('CAs that are not certificates', async () => {
    const tls = await files({ cert, key, ca: 'hello' })
    await expect(read(tls)).rejects.toThrow(`--tls-ca "${tls.caFile}" contains no PEM certificate`)
  })
})

interface Contents {
  readonly cert: string
  readonly key: string
  readonly ca?: string
}

async function files({ cert, key, ca }: Contents): Promise<TlsOptions> {
  const path = (name: string) => join(directory, name)
  await writeFile(path('cert.pem'), cert)
  await writeFile(path('key.pem'), key)
  if (ca !== undefined) await writeFile(path('ca.pem'), ca)
  const own = { certFile: path('cert.pem'), keyFile: path('key.pem') }
  return ca === undefined ? own : { ...own, caFile: path('ca.pem') }
}

/** Reads as `node server` does, which calls the options by its flags. */
async function read(options: TlsOptions): Promise<Certificates> {
  const { resolved, faults } = normalizeTlsOptions(options)
  expect(faults).toEqual([])
  return readCertificates(resolved, (part) => `--tls-${part}`)
}
