import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TlsConfig } from '../../../../server/config/config.ts'
import { readTlsFiles } from '../../../../server/config/read-tls-files.ts'

let directory: string
let cert: string
let key: string
let otherKey: string
let encryptedKey: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'read-tls-files-'))
  const pems = await generate([{ name: 'commonName', value: 'localhost' }])
  cert = pems.cert
  key = pems.private
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  otherKey = privateKey.export({ type: 'pkcs8', format: 'pem' })
  encryptedKey = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
})

afterAll(async () => {
  await rm(directory, { recursive: true })
})

test('the files are given as they are', async () => {
  const tls = await files({ cert, key, ca: cert })
  expect(await readTlsFiles(tls)).toEqual({ cert, key, ca: cert })
})

test('without authorities there are none', async () => {
  const tls = await files({ cert, key })
  expect(await readTlsFiles(tls)).toEqual({ cert, key, ca: null })
})

test('what changed on disk is read anew', async () => {
  const tls = await files({ cert, key })
  await readTlsFiles(tls)
  const renewed = await generate([{ name: 'commonName', value: 'localhost' }])
  await files({ cert: renewed.cert, key: renewed.private })
  expect(await readTlsFiles(tls)).toMatchObject({ cert: renewed.cert, key: renewed.private })
})

describe('faults name the option, the path and what is wrong', () => {
  test('a file that is not there', async () => {
    const tls = { ...(await files({ cert, key })), keyPath: join(directory, 'absent.pem') }
    await expect(readTlsFiles(tls)).rejects.toThrow(`--tls-key "${tls.keyPath}" cannot be read (ENOENT)`)
  })

  test('a directory', async () => {
    const tls = { ...(await files({ cert, key })), certPath: directory }
    await expect(readTlsFiles(tls)).rejects.toThrow(`--tls-cert "${directory}" cannot be read (EISDIR)`)
  })

  test('certificate and key mixed up', async () => {
    const tls = await files({ cert: key, key: cert })
    await expect(readTlsFiles(tls)).rejects.toThrow(`--tls-cert "${tls.certPath}" holds no certificate in PEM`)
  })

  test('a broken certificate after a good one', async () => {
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
    const tls = await files({ cert: cert + broken, key })
    await expect(readTlsFiles(tls)).rejects.toThrow(
      `--tls-cert "${tls.certPath}" holds a certificate that cannot be read`,
    )
  })

  test('no key', async () => {
    const tls = await files({ cert, key: cert })
    await expect(readTlsFiles(tls)).rejects.toThrow(`--tls-key "${tls.keyPath}" holds no private key in PEM`)
  })

  test('a key behind a passphrase', async () => {
    const tls = await files({ cert, key: encryptedKey })
    await expect(readTlsFiles(tls)).rejects.toThrow('without a passphrase')
  })

  test('the key of another certificate', async () => {
    const tls = await files({ cert, key: otherKey })
    await expect(readTlsFiles(tls)).rejects.toThrow(
      `--tls-key "${tls.keyPath}" is not the key of the certificate in "${tls.certPath}"`,
    )
  })

  test('authorities that are none', async () => {
    const tls = await files({ cert, key, ca: 'hello' })
    await expect(readTlsFiles(tls)).rejects.toThrow(`--tls-ca "${tls.caPath}" holds no certificate in PEM`)
  })
})

interface Contents {
  readonly cert: string
  readonly key: string
  readonly ca?: string
}

async function files({ cert, key, ca }: Contents): Promise<TlsConfig> {
  const path = (name: string) => join(directory, name)
  await writeFile(path('cert.pem'), cert)
  await writeFile(path('key.pem'), key)
  if (ca !== undefined) await writeFile(path('ca.pem'), ca)
  return {
    certPath: path('cert.pem'),
    keyPath: path('key.pem'),
    caPath: ca === undefined ? null : path('ca.pem'),
    allowsCleartext: false,
  }
}
