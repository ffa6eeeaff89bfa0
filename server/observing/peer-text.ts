/** An address and its port as one text, `[2001:db8::1]:1234`. Empty without an address, as of a Unix socket; 0: no port is known. */
export function peerText(address: string, port: number): string {
  if (address === '' || port === 0) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
