/** Words that the page alone needs: hints of its own controls, and what stands for an answer that is missing. */
export const enPage = {
  page: {
    noAnswer: 'No answer',
    noAnswerLine: 'Culvert does not answer. What it does now is not known.',
    starting: 'Reaching Culvert',
    startingLine:
      'If this stays, Culvert does not run: start it with "culvert ui" and open the address it prints.',
    copyDenied: 'The browser does not allow copying. Here is the text:',
    movedToPort: 'The rule listens at port {{port}} now.',
    clockSteps:
      'Switch on the setting that takes the time from the network: on Linux "timedatectl set-ntp true", on Windows and macOS in the settings under date and time.',
    menuOf: 'More about {{name}}',
    profileOf: 'Profile',
    savedProfile: '{{name}} is saved.',
    importAll: 'What to do with each',
    chooseFile: 'Choose a file',
    dayList: 'Traffic per day',
    serverOn: 'Run a server on this machine',
    linkFor: 'The link leads to {{address}}.',
    lines: 'Log lines',
    thisMachine: 'This machine',
    leave: 'Leave without saving?',
    profileGone: 'This profile is no longer there.',
  },
} as const;
