// usage.ts — the options and commands as people read them: for --help, and the table in docs/OPERATING.md.
import { configFile } from './option-sources.ts'
import { flagOf, optionNames, options, variableOf } from './options.ts'
import type { OptionName } from './options.ts'
import { tokenUsage } from './token-words.ts'

const widthOfFlag = 34
const widthOfLine = 110

export function usage(): string {
  const flags = optionNames.filter((name) => options[name].saidIn === 'everywhere')
  const variables = optionNames.filter((name) => options[name].saidIn === 'notAsFlag')
  return `syncline [serve]                     serves documents until it is stopped
syncline backup FOLDER               copies the data into a new folder, also while the relay runs
syncline restore FOLDER --data NEW   makes a new data folder of a backup
        [--revoke-tokens]            of which no token opens anything that was made until then
syncline verify [FOLDER]             reads every record of the data, or of a backup, and replays every document
syncline health                      whether a relay that was started with the same options lives
${tokenUsage}

  --config FILE                     read options from there   (default ./${configFile} if there is one)
${flags.map((name) => paragraph(`${flagOf(name)} ${options[name].form}`, name)).join('\n')}

Each can also be said as a variable (--drain-time as SYNCLINE_DRAIN_TIME) or in the config file (as drainTime); a flag
goes before a variable, a variable before the file. Secrets are no flags:

${variables.map((name) => paragraph(variableOf(name), name)).join('\n')}
`
}

/** The rows of the table in the docs. */
export function optionTable(): string {
  const rows = optionNames.map((name) => {
    const { form, about, saidIn } = options[name]
    const flag = saidIn === 'everywhere' ? `\`${flagOf(name)} ${form.replaceAll('|', '\\|')}\`` : ''
    const variable = saidIn === 'fileOnly' ? '' : `\`${variableOf(name)}\``
    return `| ${flag} | ${variable} | \`${name}\` | ${defaultOf(name)} | ${about} |`
  })
  return ['| flag | variable | in the config file | default | |', '|---|---|---|---|---|', ...rows, ''].join(
    '\n',
  )
}

function defaultOf(name: OptionName): string {
  const { fallback } = options[name]
  return fallback === undefined || fallback === '' ? 'none' : fallback
}

function paragraph(term: string, name: OptionName): string {
  const words = `${options[name].about} (default ${defaultOf(name)})`.split(' ')
  const lines: string[] = []
  let line = ''
  for (const word of words) {
    if (line !== '' && line.length + 1 + word.length > widthOfLine - widthOfFlag) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(line)
  const [first = '', ...others] = lines
  const indent = ' '.repeat(widthOfFlag + 2)
  return [
    `  ${term.padEnd(widthOfFlag)}${term.length >= widthOfFlag ? `\n${indent}` : ''}${first}`,
    ...others.map((other) => indent + other),
  ].join('\n')
}
