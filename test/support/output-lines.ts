/** Follows the output of a program, line by line. */

/** The lines of an output so far. */
export interface OutputLines {
  readonly lines: readonly string[]
  /** Resolves once there is such a line. */
  until(line: string): Promise<void>
}

/** Collects lines as they arrive, each mapped by `read`. */
export function outputLines(output: NodeJS.ReadableStream, read: (line: string) => string): OutputLines {
  const lines: string[] = []
  const arrived = new Set<() => void>()
  let rest = ''
  output.on('data', (chunk) => {
    const parts = `${rest}${chunk}`.split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts.map(read))
    for (const tell of arrived) tell()
  })
  return {
    lines,
    async until(line) {
      while (!lines.includes(line)) {
        await new Promise<void>((resolve) => {
          arrived.add(resolve)
        })
      }
    },
  }
}
