// A neutral TCP load tool: knows nothing of what it measures. Built and driven by test/bench/rig.ts.
// tb: neutral TCP load tool for measuring a port forwarder from outside.
//   tb serve PORT                 server: first byte of a connection picks its mode
//                                 'E' echo, 'S' source (server sends until closed), 'K' sink (server reads; replies 8-byte count on half-close)
//   tb down|up HOST PORT SECS STREAMS [BUF]      MB/s over STREAMS connections
//   tb rtt  HOST PORT COUNT SIZE [CONNS]         round trips of SIZE bytes; p50/p99/max in us, and msg/s
//   tb conn HOST PORT COUNT PAR                  connect + 1 echo + close; conns/s, p50/p99 us, failures
//   tb idle HOST PORT N SECS                     open N echo connections, hold, check each still echoes
// build: cc -O2 -pthread -o tb tb.c
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
static double now(void){struct timespec t;clock_gettime(CLOCK_MONOTONIC,&t);return t.tv_sec+t.tv_nsec*1e-9;}
static int cmpd(const void*a,const void*b){double x=*(double*)a,y=*(double*)b;return x<y?-1:x>y;}
static int dial(const char*h,const char*p){
  struct addrinfo hi={.ai_socktype=SOCK_STREAM},*r;
  if(getaddrinfo(h,p,&hi,&r))return -1;
  int fd=socket(r->ai_family,SOCK_STREAM,0),one=1;
  struct timeval tv={30,0};setsockopt(fd,SOL_SOCKET,SO_RCVTIMEO,&tv,sizeof tv);setsockopt(fd,SOL_SOCKET,SO_SNDTIMEO,&tv,sizeof tv);
  if(connect(fd,r->ai_addr,r->ai_addrlen)){close(fd);freeaddrinfo(r);return -1;}
  setsockopt(fd,IPPROTO_TCP,TCP_NODELAY,&one,sizeof one);freeaddrinfo(r);return fd;}
static int wr(int fd,const char*b,size_t n){while(n){ssize_t k=send(fd,b,n,MSG_NOSIGNAL);if(k<=0){if(k<0&&errno==EINTR)continue;return -1;}b+=k;n-=k;}return 0;}
static int rd(int fd,char*b,size_t n){while(n){ssize_t k=recv(fd,b,n,0);if(k<=0){if(k<0&&errno==EINTR)continue;return -1;}b+=k;n-=k;}return 0;}
static void*serve1(void*a){int fd=(int)(intptr_t)a;static __thread char buf[262144];char m;
  if(rd(fd,&m,1)){close(fd);return 0;}
  if(m=='E'){ssize_t k;while((k=recv(fd,buf,sizeof buf,0))>0)if(wr(fd,buf,k))break;}
  else if(m=='S'){for(size_t i=0;i<sizeof buf;i++)buf[i]=(char)(i*131+(i>>8));while(!wr(fd,buf,sizeof buf));}
  else if(m=='K'){uint64_t n=0;ssize_t k;while((k=recv(fd,buf,sizeof buf,0))>0)n+=k;wr(fd,(char*)&n,8);}
  close(fd);return 0;}
static int serve(const char*port){int s=socket(AF_INET,SOCK_STREAM,0),one=1;setsockopt(s,SOL_SOCKET,SO_REUSEADDR,&one,sizeof one);
  struct sockaddr_in a={.sin_family=AF_INET,.sin_port=htons(atoi(port)),.sin_addr.s_addr=htonl(INADDR_LOOPBACK)};
  if(bind(s,(void*)&a,sizeof a)||listen(s,4096)){perror("bind");return 1;}
  pthread_attr_t at;pthread_attr_init(&at);pthread_attr_setstacksize(&at,1<<19);pthread_attr_setdetachstate(&at,PTHREAD_CREATE_DETACHED);
  for(;;){int fd=accept(s,0,0);if(fd<0)continue;setsockopt(fd,IPPROTO_TCP,TCP_NODELAY,&one,sizeof one);pthread_t t;if(pthread_create(&t,&at,serve1,(void*)(intptr_t)fd))close(fd);}}
static const char*H,*P;static double SECS;static size_t BUF=262144;static int CNT,SIZE;static volatile int stop;
static uint64_t total;static int fails;static double*lat;static int nlat;static pthread_mutex_t mu=PTHREAD_MUTEX_INITIALIZER;
static void*down1(void*_){int fd=dial(H,P);char*b=malloc(BUF);if(fd<0||wr(fd,"S",1)){__sync_fetch_and_add(&fails,1);return 0;}
  double e=now()+SECS;while(now()<e){ssize_t k=recv(fd,b,BUF,0);if(k<=0){__sync_fetch_and_add(&fails,1);break;}__sync_fetch_and_add(&total,k);}close(fd);free(b);return 0;}
static void*up1(void*_){int fd=dial(H,P);char*b=malloc(BUF);memset(b,7,BUF);uint64_t s=0,g=0;if(fd<0||wr(fd,"K",1)){__sync_fetch_and_add(&fails,1);return 0;}
  double e=now()+SECS;while(now()<e){if(wr(fd,b,BUF)){__sync_fetch_and_add(&fails,1);break;}s+=BUF;}
  shutdown(fd,SHUT_WR);if(rd(fd,(char*)&g,8)||g!=s)__sync_fetch_and_add(&fails,1);__sync_fetch_and_add(&total,g);close(fd);free(b);return 0;}
static void*rtt1(void*_){int fd=dial(H,P);char*b=malloc(SIZE),*c=malloc(SIZE);for(int i=0;i<SIZE;i++)b[i]=(char)i;
  if(fd<0||wr(fd,"E",1)){__sync_fetch_and_add(&fails,1);return 0;}
  for(int i=0;i<CNT;i++){double t=now();if(wr(fd,b,SIZE)||rd(fd,c,SIZE)||memcmp(b,c,SIZE)){__sync_fetch_and_add(&fails,1);break;}
    double d=(now()-t)*1e6;pthread_mutex_lock(&mu);lat[nlat++]=d;pthread_mutex_unlock(&mu);}
  close(fd);return 0;}
static void*conn1(void*_){for(;;){int i=__sync_sub_and_fetch(&CNT,1);if(i<0)break;double t=now();int fd=dial(H,P);char c;
    if(fd<0||wr(fd,"Ex",2)||rd(fd,&c,1)||c!='x'){__sync_fetch_and_add(&fails,1);if(fd>=0)close(fd);continue;}
    close(fd);double d=(now()-t)*1e6;pthread_mutex_lock(&mu);lat[nlat++]=d;pthread_mutex_unlock(&mu);}return 0;}
int main(int c,char**v){signal(SIGPIPE,SIG_IGN);if(c<3)return 2;if(!strcmp(v[1],"serve"))return serve(v[2]);
  H=v[2];P=v[3];pthread_t th[4096];double t0=now();
  if(!strcmp(v[1],"down")||!strcmp(v[1],"up")){SECS=atof(v[4]);int n=atoi(v[5]);if(c>6)BUF=atoi(v[6]);
    for(int i=0;i<n;i++)pthread_create(&th[i],0,v[1][0]=='d'?down1:up1,0);for(int i=0;i<n;i++)pthread_join(th[i],0);
    double el=now()-t0;printf("%s streams=%d MB/s=%.1f secs=%.2f fails=%d\n",v[1],n,total/el/1e6,el,fails);return fails!=0;}
  if(!strcmp(v[1],"rtt")){CNT=atoi(v[4]);SIZE=atoi(v[5]);int n=c>6?atoi(v[6]):1;lat=malloc(sizeof(double)*(size_t)CNT*n);
    for(int i=0;i<n;i++)pthread_create(&th[i],0,rtt1,0);for(int i=0;i<n;i++)pthread_join(th[i],0);double el=now()-t0;
    qsort(lat,nlat,sizeof(double),cmpd);if(nlat)printf("rtt size=%d conns=%d n=%d p50us=%.0f p99us=%.0f maxus=%.0f msg/s=%.0f fails=%d\n",SIZE,n,nlat,lat[nlat/2],lat[(int)(nlat*.99)],lat[nlat-1],nlat/el,fails);else printf("rtt none fails=%d\n",fails);return fails!=0;}
  if(!strcmp(v[1],"conn")){int N=CNT=atoi(v[4]);int n=atoi(v[5]);lat=malloc(sizeof(double)*N);
    for(int i=0;i<n;i++)pthread_create(&th[i],0,conn1,0);for(int i=0;i<n;i++)pthread_join(th[i],0);double el=now()-t0;
    qsort(lat,nlat,sizeof(double),cmpd);if(nlat)printf("conn n=%d par=%d conns/s=%.0f p50us=%.0f p99us=%.0f fails=%d\n",nlat,n,nlat/el,lat[nlat/2],lat[(int)(nlat*.99)],fails);else printf("conn none fails=%d\n",fails);return fails!=0;}
  if(!strcmp(v[1],"idle")){int n=atoi(v[4]);double s=atof(v[5]);int*f=malloc(sizeof(int)*n);char ch;for(int i=0;i<n;i++){f[i]=dial(H,P);if(f[i]<0||wr(f[i],"Ea",2)||rd(f[i],&ch,1)){fails++;}}
    printf("idle opened=%d fails=%d\n",n-fails,fails);fflush(stdout);usleep((useconds_t)(s*1e6));int bad=0;for(int i=0;i<n;i++){if(f[i]<0||wr(f[i],"z",1)||rd(f[i],&ch,1)||ch!='z')bad++;}
    printf("idle alive=%d dead=%d\n",n-bad,bad);return bad||fails;}
  return 2;}
