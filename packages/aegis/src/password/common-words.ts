/** Words and names that people take for passwords, as attackers' lists begin. Lower case, parted by white space. */
export const baseWords = `
abc abcd abcdef abracadabra access account admin administrator adminpassword alex alexander always amanda
america amor andrew android angel anna anthony anything apple april arsenal asd asdf asdfgh asdfghjkl ashley
asshole august austin australia autumn azerty azertyuiop baby babygirl bacon bailey banana barcelona baseball
basketball batman batterystaple bear beatles benjamin berlin bestfriend bigdick bitch black blessed blink blue
bonjour boss boston boxing brandon brazil brian britney brother burger buster butterfly california camaro
canada captain cat champion changeme charlie cheese chelsea cherry chevy chicago chief china chocolate christ
christian christopher cisco class coffee college company computer computerscience contrasena cookie corazon
correcthorse correcthorsebatterystaple corvette cricket crystal customer dad daddy dallas daniel david
daylight death debian december default demo demon denver devil diamond docker doctor dog dollar dolphin donald
doudou dragon drummer dylan eagle elvis emerald emily eminem emma england eric evening everything facebook
faith falcon family father february ferrari florida flower flowers football ford forever france freedom friday
friend friends fuckoff fuckyou garfield geheim george germany ghost ginger github gitlab god gold golden golf
goodbye goofy google green guest guinness guitar hannah happy harley hawk heaven hell hello helloworld hero
hewlett hjkl hockey hocuspocus hola honda honey hope horse houston hunter iamgod iloveyou imthebest india
information instagram intel internet iphone ironman james january japan jasper java javascript jennifer
jessica jesus john jonathan jordan joseph joshua julia julie july june justice justin juventus kevin killer
king kitty knight kubernetes laptop laura legend letmein letmeinnow liberty lightning linkedin linux lion lisa
liverpool lkjhgfdsa login london loulou love lovely lover loveyou lucky lucy madonna madrid maggie manager
manchester march maria mark master matrix matthew max maximilian may member mercedes metallica mexico michael
michelle mickey microsoft midnight minnie mnbvcxz molly mom mommy monday money monkey monster moonlight
morning motdepasse mother music mustang mypassword naruto nemo newpassword newyork nicholas nicole night ninja
nirvana nokia nothing november october office oldpassword olivia opensesame oracle orange panther paris parola
pass passcode passphrase passwd password passwordadmin passwort patrick paul peace peaches pearl pepper peter
phoenix piano pikachu pilot pizza poiuytrewq pokemon porsche prince princess private public puppy purple pussy
python qazwsx queen qwe qwerty qwertyuiop qwertz rainbow ranger red redhat rich richard robert rockstar rocky
root ruby rugby running russia sadie sailor sales samantha samsung samurai sapphire sarah satan saturday
school secret secrets security senha september server service sesame sexy shadow shark signin silver simba
sister slipknot smile snake snoopy soccer softball soldier soleil something sophia sophie spider spiderman
spring starlight startrek starwars steven storm strawberry student summer sunday sunflower sunshine superman
support sweetheart swimming system teacher teamo temp temporary tennis tequiero test tester testing texas
thepassword there thomas thunder thursday tiger tigger today tomorrow toyota trustno trustnoone tuesday tupac
turtle twitter tyler typescript ubuntu university user userpassword vampire volleyball wachtwoord warrior wasd
wednesday welcome whatever white william windows winner winter wizard wolf word wrestling xswzaq yamaha yellow
yourpassword youtube zaqwsx zombie zxcvbn zxcvbnm
`;
