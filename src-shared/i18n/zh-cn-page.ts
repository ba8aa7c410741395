import type { enPage } from './en-page.ts';
import type { Texts } from './messages.ts';

export const zhPage: Texts<typeof enPage> = {
  page: {
    noAnswer: '无应答',
    noAnswerLine: 'Culvert 没有应答，目前的状态未知。',
    starting: '正在连接 Culvert',
    startingLine: '如果一直停在这里，说明 Culvert 没有运行：请运行“culvert ui”，再打开它显示的地址。',
    copyDenied: '浏览器不允许复制，内容如下：',
    movedToPort: '规则现在监听端口 {{port}}。',
    clockSteps:
      '请打开“自动设置时间”：Linux 上运行“timedatectl set-ntp true”，Windows 和 macOS 在日期和时间设置中。',
    menuOf: '{{name}} 的更多操作',
    profileOf: '配置',
    savedProfile: '{{name}} 已保存。',
    importAll: '逐项选择处理方式',
    chooseFile: '选择文件',
    dayList: '每日流量',
    serverOn: '在本机运行服务器',
    linkFor: '此链接指向 {{address}}。',
    lines: '日志',
    thisMachine: '本机',
    leave: '不保存就离开吗？',
    profileGone: '这个配置已经不存在。',
  },
};
