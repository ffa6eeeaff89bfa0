/** The commands of a block of a page. */

/** A command, and its output according to the page; empty if the page shows none. */
export interface PageCommand {
  readonly line: string
  readonly shown: string
}

/** Reads the commands of a `console` block, whose lines start with `$ `, or of an `sh` block, in which every line is one. */
export function readCommands(language: string, body: string): PageCommand[] {
  const joined = body.replaceAll('\\\n', '')
  if (language === 'sh') {
    return joined.split('\n').flatMap((line) => (/^\s*(#|$)/.test(line) ? [] : [{ line, shown: '' }]))
  }
  const commands: PageCommand[] = []
  for (const part of joined.split(/^\$ /m).slice(1)) {
    const end = part.indexOf('\n')
    commands.push({ line: part.slice(0, end), shown: part.slice(end + 1).trim() })
  }
  return commands
}
