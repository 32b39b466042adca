import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Machine } from '../../../src/machine/machine.ts'

// Only root may give a file away; the memory machine takes any number.
const OWNER =
  process.getuid?.() === 0
    ? { uid: 12, gid: 34 }
    : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }

export interface Contract {
  open(): Promise<Machine>
  /** A new folder on the machine. */
  folder(): Promise<string>
}

/** What every machine does with files: local, over ssh, and in memory. */
export function fileContract(name: string, { open, folder }: Contract): void {
  describe(`${name}: files`, () => {
    let machine: Machine
    let dir: string
    beforeAll(async () => {
      machine = await open()
      dir = await folder()
    })
    afterAll(() => machine.close())

    test('nothing is there before', async () => {
      expect(await machine.readFile(`${dir}/none`)).toBeUndefined()
      expect(await machine.readBytes(`${dir}/none`)).toBeUndefined()
      expect(await machine.stat(`${dir}/none/below`)).toBeUndefined()
      await machine.removeFile(`${dir}/none`)
    })

    test.each([
      ['empty', ''],
      ['no final newline', 'a'],
      ['many final newlines', 'a\n\n\n'],
      ['quotes and dollars', `it's a "$file" \\n \`x\` $(y)\n`],
      ['characters beyond ASCII', 'é ∀ 🙂 \u{feff}\r\n'],
      ['a NUL byte', 'a\0b'],
      ['a megabyte', 'x'.repeat(2 ** 20)],
    ])('content is kept: %s', async (_name, content) => {
      await machine.writeFile(`${dir}/content`, { content, mode: 0o644 })
      expect(await machine.readFile(`${dir}/content`)).toMatchObject({ content, mode: 0o644 })
    })

    test.each([0o600, 0o644, 0o755, 0o4711, 0o1666])('mode %o is kept', async (mode) => {
      await machine.writeFile(`${dir}/mode`, { content: 'x', mode })
      expect(await machine.readFile(`${dir}/mode`)).toMatchObject({ content: 'x', mode })
    })

    test('a path is one word, whatever it holds', async () => {
      for (const odd of [`it's a $file`, '-n', 'a b;c', 'x\ny', '*?[a]']) {
        await machine.writeFile(`${dir}/odd/${odd}`, { content: odd, mode: 0o640 })
        expect(await machine.readFile(`${dir}/odd/${odd}`)).toMatchObject({ content: odd, mode: 0o640 })
        await machine.removeFile(`${dir}/odd/${odd}`)
        expect(await machine.stat(`${dir}/odd/${odd}`)).toBeUndefined()
      }
    })

    test('missing folders are made', async () => {
      await machine.writeFile(`${dir}/new/deep/file`, { content: 'x', mode: 0o644 })
      expect(await machine.stat(`${dir}/new/deep`)).toMatchObject({ type: 'directory' })
    })

    test('owner and group are set when given, and stay when not', async () => {
      await machine.writeFile(`${dir}/owned`, { content: '1', mode: 0o644, ...OWNER })
      await machine.writeFile(`${dir}/owned`, { content: '2', mode: 0o600 })
      expect(await machine.readFile(`${dir}/owned`)).toEqual({ content: '2', mode: 0o600, ...OWNER })
    })

    test('a path is looked at without being read', async () => {
      await machine.writeFile(`${dir}/looked`, { content: 'x', mode: 0o600, ...OWNER })
      const { device = '' } = (await machine.stat(dir)) ?? {}
      expect(device).not.toBe('')
      expect(await machine.stat(`${dir}/looked`)).toEqual({
        type: 'file',
        realpath: `${dir}/looked`,
        mode: 0o600,
        ...OWNER,
        device,
      })
    })

    test('many files are read at once, as each would be alone', async () => {
      const texts = ['', 'x', 'no end of line', 'a\n\n', 'é∀🙂\n', 'absent\n', '644 0 0 5\nodd\n']
      const paths = Array.from({ length: 600 }, (_, index) => `${dir}/many/${index}`)
      const written = paths.filter((_, index) => index % 300 < texts.length)
      await Promise.all(
        written.map((path, index) =>
          machine.writeFile(path, { content: texts[index % 7] ?? '', mode: 0o640 }),
        ),
      )
      const odd = `${dir}/many/with\nend`
      await machine.writeFile(odd, { content: 'x', mode: 0o600 })
      const all = await machine.readFiles([...paths, odd, `${paths[0]}/below`])
      expect([...all.keys()].sort()).toEqual([...paths, odd, `${paths[0]}/below`].sort())
      const alone = await Promise.all(written.map((path) => machine.readFile(path)))
      expect(written.map((path) => all.get(path))).toEqual(alone)
      expect([...all.values()].filter((file) => file !== undefined)).toHaveLength(written.length + 1)
    })

    test('one of many that cannot be read is named', async () => {
      await machine.writeFile(`${dir}/mixed/file`, { content: 'x', mode: 0o644 })
      await expect(machine.readFiles([`${dir}/mixed/file`, `${dir}/mixed`])).rejects.toMatchObject({
        code: 'command-failed',
        message: expect.stringContaining(`${dir}/mixed on ${machine.address}: `),
      })
    })

    test('a folder cannot be written over', async () => {
      await machine.writeFile(`${dir}/folder/file`, { content: 'x', mode: 0o644 })
      await expect(machine.writeFile(`${dir}/folder`, { content: 'x', mode: 0o644 })).rejects.toMatchObject({
        code: 'command-failed',
        message: expect.stringContaining(`${dir}/folder`),
      })
    })
  })
}

/** What every machine that really runs commands does. */
export function commandContract(name: string, { open, folder }: Contract): void {
  describe(`${name}: commands`, () => {
    let machine: Machine
    let dir: string
    beforeAll(async () => {
      machine = await open()
      dir = await folder()
    })
    afterAll(() => machine.close())

    test('any word arrives as it is', async () => {
      const word = fc.oneof(
        fc
          .string({ unit: 'grapheme', maxLength: 20 })
          .filter((text) => !text.includes('\0') && text.isWellFormed()),
        fc.constantFrom('', '-n', "it's", '$HOME', '`id`', 'a b', '\\', '\n', '"', '*', '!x', '#', '~', '--'),
      )
      await fc.assert(
        fc.asyncProperty(fc.array(word, { maxLength: 5 }), async (words) => {
          const { stdout } = await machine.run(['printf', '%s\\001', '', ...words])
          expect(stdout.split('\u0001')).toEqual(['', ...words, ''])
        }),
        { numRuns: 30 },
      )
    })

    test.each([0, 1, 3, 124, 125, 126, 127, 137, 254, 255])(
      'exit code %i is told, with both outputs',
      async (code) => {
        expect(await machine.run(['sh', '-c', `echo out; echo err >&2; exit ${code}`])).toEqual({
          exitCode: code,
          stdout: 'out\n',
          stderr: 'err\n',
        })
      },
    )

    test('input arrives whole, and is empty when absent', async () => {
      const input = 'line\n'.repeat(50_000)
      expect((await machine.run(['cat'], { input })).stdout).toBe(input)
      expect((await machine.run(['cat'])).stdout).toBe('')
    })

    test('a command that does not read its input is no error', async () => {
      expect(await machine.run(['true'], { input: 'x'.repeat(10 ** 6) })).toMatchObject({ exitCode: 0 })
    })

    test('messages are in the C locale', async () => {
      expect((await machine.run(['sh', '-c', 'echo $LC_ALL'])).stdout).toBe('C\n')
    })

    test('a program that is not there is named', async () => {
      await expect(machine.run(['no-such-program', 'x'])).rejects.toMatchObject({
        code: 'command-failed',
        message: `cannot run no-such-program x on ${machine.address}: there is no program no-such-program`,
      })
    })

    test('a command that takes too long is ended with its children, and named with the seconds', async () => {
      const run = machine.run(['sh', '-c', `(sleep 61 & echo $! >${dir}/child; wait); true`], {
        timeoutMs: 1000,
      })
      await expect(run).rejects.toMatchObject({
        code: 'command-failed',
        message: expect.stringMatching(/sleep 61.* on .* took longer than 1 s and was ended/),
      })
      const child = (await machine.readFile(`${dir}/child`))?.content.trim() ?? ''
      const { stdout } = await machine.run([
        'sh',
        '-c',
        `kill -0 ${child} 2>/dev/null && cat /proc/${child}/stat; true`,
      ])
      expect(stdout).not.toContain('(sleep) S')
    })

    test('bytes are bytes', async () => {
      const all = `${dir}/bytes`
      await machine.run([
        'sh',
        '-c',
        `awk 'BEGIN { for (i = 0; i < 256; i++) printf "%c", i }' >"$1"`,
        'sh',
        all,
      ])
      const expected = Uint8Array.from({ length: 256 }, (_, value) => value)
      expect(Buffer.compare((await machine.readBytes(all)) ?? Buffer.of(), expected)).toBe(0)
    })

    test('a file that is not UTF-8 is refused rather than changed', async () => {
      await machine.run(['sh', '-c', `printf 'caf\\351\\n' >"$1"`, 'sh', `${dir}/latin1`])
      await expect(machine.readFile(`${dir}/latin1`)).rejects.toMatchObject({
        code: 'command-failed',
        message: expect.stringContaining(`${dir}/latin1`),
      })
    })

    test('a link is seen as a link, and written through', async () => {
      await machine.writeFile(`${dir}/target`, { content: 'old', mode: 0o644 })
      await machine.run(['ln', '-s', 'target', `${dir}/link`])
      await machine.writeFile(`${dir}/link`, { content: 'new', mode: 0o644 })
      expect(await machine.stat(`${dir}/link`)).toMatchObject({ type: 'link', realpath: `${dir}/target` })
      expect(await machine.readFile(`${dir}/target`)).toMatchObject({ content: 'new' })
    })

    test('a write leaves no other file in its folder', async () => {
      await machine.writeFile(`${dir}/alone/file`, { content: 'x', mode: 0o644 })
      expect((await machine.run(['ls', '-A', `${dir}/alone`])).stdout).toBe('file\n')
    })

    test('output is followed line by line until it is stopped', async () => {
      const following = machine.follow(['sh', '-c', `echo $$ >${dir}/pid; echo one; echo two; sleep 61`])
      const seen: string[] = []
      for await (const line of following.lines) {
        seen.push(line)
        if (seen.length === 2) following.stop()
      }
      following.stop()
      expect(seen).toEqual(['one', 'two'])
    })

    test('a followed command ends when nobody reads it any more', async () => {
      let pid = ''
      for await (const line of machine.follow(['sh', '-c', 'echo $$; exec sleep 61']).lines) {
        pid = line
        break
      }
      const untilGone = 'while kill -0 "$1" 2>/dev/null; do sleep 0.05; done'
      await machine.run(['sh', '-c', untilGone, 'sh', pid], { timeoutMs: 15_000 })
    })

    test('a followed command that fails says so after its lines', async () => {
      const seen: string[] = []
      const read = async () => {
        for await (const line of machine.follow(['sh', '-c', 'echo one; echo broken >&2; exit 3']).lines)
          seen.push(line)
      }
      await expect(read()).rejects.toMatchObject({
        code: 'command-failed',
        message: expect.stringContaining('broken'),
      })
      expect(seen).toEqual(['one'])
    })
  })
}

/** Locks, between two connections to one machine. */
export function lockContract(name: string, { open, folder }: Contract): void {
  describe(`${name}: locks`, () => {
    let one: Machine
    let other: Machine
    let path: string
    beforeAll(async () => {
      one = await open()
      other = await open()
      path = `${await folder()}/run/test.lock`
    })
    afterAll(() => Promise.all([one.close(), other.close()]))

    test('one holder at a time, who is named to the others', async () => {
      const release = await one.lock(path, { holder: 'the first of two tests' })
      await expect(other.lock(path, { waitMs: 0 })).rejects.toMatchObject({
        code: 'busy',
        message: expect.stringContaining(`${path} on ${other.address} is held by the first of two tests`),
      })
      await release()
      await (await other.lock(path, { waitMs: 0 }))()
    })

    test('a waiter gets the lock when it is given back', async () => {
      const release = await one.lock(path)
      const order: string[] = []
      const waiter = other.lock(path, { waitMs: 30_000 }).then((give) => {
        order.push('taken')
        return give
      })
      order.push('given')
      await release()
      await (await waiter)()
      expect(order).toEqual(['given', 'taken'])
    })

    test('ten at once lose no update', async () => {
      const counter = `${path}.counter`
      await one.writeFile(counter, { content: '0', mode: 0o644 })
      await Promise.all(
        Array.from({ length: 10 }, async (_, index) => {
          const machine = index % 2 === 0 ? one : other
          const release = await machine.lock(path, { waitMs: 60_000 })
          const count = Number((await machine.readFile(counter))?.content)
          await machine.writeFile(counter, { content: String(count + 1), mode: 0o644 })
          await release()
        }),
      )
      expect((await one.readFile(counter))?.content).toBe('10')
    })

    test('a lock in a place that cannot be is refused with its path', async () => {
      await expect(one.lock('/proc/none/test.lock', { waitMs: 0 })).rejects.toMatchObject({
        code: 'command-failed',
        message: expect.stringContaining('/proc/none/test.lock'),
      })
    })
  })
}
