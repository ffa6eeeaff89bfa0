/** Masking (RFC 6455, section 5.3), which is its own inverse. */

/** Unmasks `octets[start, end)` in place. `offset` is the position of the first of them in the payload of its frame. */
export function unmask(octets: Uint8Array, start: number, end: number, mask: Uint8Array, offset: number): void {
  const rest = [0, 1, 2, 3].map((at) => mask[(offset + at) & 3] as number)
  const [first = 0, second = 0, third = 0, fourth = 0] = rest
  if ((first | second | third | fourth) === 0) return
  let at = start
  for (const last = end - 3; at < last; at += 4) {
    octets[at] = (octets[at] as number) ^ first
    octets[at + 1] = (octets[at + 1] as number) ^ second
    octets[at + 2] = (octets[at + 2] as number) ^ third
    octets[at + 3] = (octets[at + 3] as number) ^ fourth
  }
  for (let i = 0; at < end; i++, at++) octets[at] = (octets[at] as number) ^ (rest[i] as number)
}
