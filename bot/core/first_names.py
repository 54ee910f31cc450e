"""First names that are common in Germany: beside a second name in capitals they hint at a person."""

# Names that are ordinary German words as well ("Ernst", "August", "Rose", "Mark") are left out.
_LISTED = """
markus meike leonhard xenia antonio cathrin birte sonia gitte kristina berta hamza philippe andrew stephen andy
lilian sami cemal türkan ryszard henryk kristin nikolas anneke hauke frauke imke silke heinz-peter ömer özlem
adam agnes ahmed ahmet albert alex alexander alexandra alfred ali alina alisa aleksandra aleksander amelie amir
amira ana anastasia andrea andreas andrei andrej andrzej angela angelika anette anita anja anke anna anne
annegret annelie anneliese annemarie annette annika anton antje antonia arthur artur astrid aylin ayse ayşe axel
barbara bärbel beate beatrice ben benjamin bernd bernhard bettina birgit birgitt björn brigitte britta bruno
burak carina carla carlos carmen carolin caroline carsten catharina cem charlotte chiara christa christel
christian christiane christina christine christoph christopher clara claudia claus cornelia dagmar daniel
daniela dariusz david deniz denis dennis detlef detlev dieter dietmar dietrich dimitri dirk dominik dora doris
dorothea dorothee edeltraud edith eduard egon ekaterina elena elif elias elisabeth elke ella ellen elsa elvira
emil emilia emily emine emma emre enrico erich erik erika erwin esra esther eugen eva evelyn fabian fatih fatima
fatma felix ferdinand finn flora florian franz franziska frederik frieda friedhelm friedrich frida fritz gabi
gabriel gabriele georg gerd gerda gerhard gerlinde gertrud gianluca gisela giuseppe gregor greta grzegorz gudrun
günter günther gustav hakan halina hanna hannah hannelore hanne hannes hans harald harry hartmut hasan hatice
hedwig heidemarie heidi heike heiko heiner heinrich heinz helena helene helga helmut helmuth hendrik henri
henriette henrik henry herbert hermann hilde hildegard holger horst hubert hugo hülya hüseyin ibrahim ida igor
ilona ilse ina ines inga inge ingeborg ingo ingrid irene irina iris irma irmgard isabel isabell isabella ismail
ivan iwona jacek jacqueline jakob jan jana janina jannik janusz jasmin jens jessica jette joachim joanna jochen
johann johanna johannes john jonas jonathan jörg jörn josef josefine joseph julia julian juliane julius jürgen
justin justyna kamil karin karina karl karla karolina karoline karsten katarina katarzyna kathrin katharina
katja katrin kemal kerstin kevin kirsten klara klaus konrad konstantin krzysztof kurt lara lars laura lea leila
lena leni leon leonard leonie lieselotte lilly lina linda linus lisa lotte louis louisa luca lucas lucia ludwig
luis luisa lukas lukasz lutz lydia maciej magda magdalena maik maja malgorzata malte mandy manfred manuel
manuela marc marcel marcin marco marek maren margarete margarethe margit margot margret maria mariam marianne
marie mariusz marija marina mario marion marlene marta martha martin martina marvin mathias mathilda matthias
maurice max maximilian maya mehmet melanie melissa merve mia micha michael michaela michal michele mika mikael
milan mila miriam mirko mohamed mohammad mohammed monika monique moritz muhammad murat mustafa nadine nadja
natalia natalie natascha nele nicola nicolas nicole niklas nikolai nikolaus nikolaj nils nina noah nora norbert
nour olaf oleg olena olga oliver omar oskar osman otto pascal patricia patrick patrik paul paula pauline pawel
peter petra philip philipp pia piotr rafael rainer ralf ralph ramona raphael rebecca regina reiner reinhard
reinhold renate ricarda richard rita robert roberto robin roger roland rolf roman ronald ronny rosa rosel
rosemarie roswitha rüdiger rudolf rudi ruth sabine sabrina sahin salim samira samuel sandra sarah sara sascha
saskia sebastian selin selma semra serkan sergej sergei siegfried siegrid siegmar sigrid sigrun silke silvia
simon simone slawomir sofia sofie sonja sophia sophie stefan stefanie steffen stephan stephanie susann susanna
susanne sven svenja svetlana swetlana sylvia tamara tanja tatjana thea theo theodor theresa therese thomas
thorsten tibor tilo tim timo tina tobias tomasz toralf torsten traute udo ulf ulrich ulrike ursula uschi ute uwe
valentin valentina vanessa vera verena veronika viktor viktoria vincent viola vladimir volker waldemar walter
waltraud wanda wenke werner wiebke wilfried wilhelm wilhelmine willi willy winfried wladimir wojciech wolfgang
yannick yasemin yusuf yvonne zeynep zofia
"""
FIRST_NAMES = frozenset(_LISTED.split())
