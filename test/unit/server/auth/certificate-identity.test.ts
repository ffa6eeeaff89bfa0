import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { certificateIdentity } from '../../../../server/auth/certificate-identity.ts'
import { type AlternativeName, testCertificates } from '../../../support/certificates.ts'

const URI = 6
const DNS = 2

async function identityWith(...altNames: readonly AlternativeName[]) {
  const { cert } = await (await testCertificates()).signClient(...altNames)
  return certificateIdentity(new X509Certificate(cert))
}

test('the URI names come before the DNS names', async () => {
  const identity = await identityWith(
    { type: DNS, value: 'shop.test' },
    { type: URI, value: 'spiffe://example.org/shop' },
    { type: URI, value: 'https://shop.test/id' },
  )
  expect(identity).toEqual({ kind: 'uri', names: ['spiffe://example.org/shop', 'https://shop.test/id'] })
})

test('the DNS names come before the subject', async () => {
  const identity = await identityWith({ type: DNS, value: 'shop.test' }, { type: DNS, value: '*.shop.test' })
  expect(identity).toEqual({ kind: 'dns', names: ['shop.test', '*.shop.test'] })
})

test.each(['a.test, URI:spiffe://example.org/admin', '"a.test', 'a\\u002c.test', 'a.test\n'])(
  'a DNS name %j is one name, unchanged',
  async (value) => {
    expect(await identityWith({ type: DNS, value })).toEqual({ kind: 'dns', names: [value] })
  },
)

/** Its subject is `/C=DE/O=A, B + "c"/OU=x+CN=tést`, which selfsigned cannot write. */
const COMPOUND_SUBJECT = `-----BEGIN CERTIFICATE-----
MIIBMjCB5QIUD+qgyt/TzyRz5JwIpDsrmJ2/8jMwBQYDK2VwMDwxCzAJBgNVBAYT
AkRFMRMwEQYDVQQKDApBLCBCICsgImMiMRgwCAYDVQQLDAF4MAwGA1UEAwwFdMOp
c3QwHhcNMjYxMTI5MDEyOTQyWhcNMjYxMjI5MDEyOTQyWjA8MQswCQYDVQQGEwJE
RTETMBEGA1UECgwKQSwgQiArICJjIjEYMAgGA1UECwwBeDAMBgNVBAMMBXTDqXN0
MCowBQYDK2VwAyEASrDhYjTUP3jS0A9u4z5/gVQh89tH36Too7trZlK2ruswBQYD
K2VwA0EAaicsJm/x3JKJpG/YbkNtrsBLd3u3K29ZVD4VRmxS3skczBgTL4//Teql
TvqDkRlQpnHM+bk89T0fpnF1boZ6Cw==
-----END CERTIFICATE-----
`

test('the subject is written as in RFC 2253: the most specific name first', () => {
  const certificate = new X509Certificate(COMPOUND_SUBJECT)
  const identity = certificateIdentity(certificate)
  expect(identity).toEqual({ kind: 'subject', names: ['OU=x+CN=tést,O=A\\, B \\+ \\"c\\",C=DE'] })
  expect(certificateIdentity(certificate)).toBe(identity)
  expect(Object.isFrozen(identity.names)).toBe(true)
})
